"""All that the routes share: the studio, the jobs, what arrives and what is measured."""

import asyncio
from functools import partial

from colorear.inference.options import ColorizeOptions
from colorear.server.api.forms import wanted_of
from colorear.server.api.jobs import Job, Jobs
from colorear.server.api.prometheus import Measures
from colorear.server.api.tasks import Outcome, Photograph, look_at, make
from colorear.server.model_cache import check_name
from colorear.server.settings import Settings
from colorear.server.uploads import Arrivals, Upload
from colorear.server.worker_pool import Studio

__all__ = ["Service"]


class Service:
    """What one server has; `stop` ends it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.studio = Studio(settings)
        self.jobs = Jobs(settings, self.studio)
        self.arrivals = Arrivals(settings)
        self.measures = Measures(self.studio, self.jobs)
        self._looks = asyncio.Semaphore(settings.workers)  # a header takes a JPEG into memory

    async def stop(self) -> None:
        """Finish what runs, tell the rest, and remove everybody's files."""
        await self.studio.finish()
        await self.jobs.end()
        await self.studio.stop()

    async def look(self, upload: Upload) -> tuple[Photograph, ColorizeOptions]:
        """What came, and what is wished of it. Raises ColorearError."""
        wanted = wanted_of(upload, self.settings)
        check_name(wanted.model)
        async with self._looks:
            return await asyncio.to_thread(look_at, upload, self.settings), wanted

    async def colour(self, client: str, photograph: Photograph, wanted: ColorizeOptions) -> Outcome:
        """Do it as soon as it is this client's turn. Raises as `Studio.run` and `make` do."""
        call = partial(make, photograph, wanted, _nobody)
        outcome = await self.studio.run(client, wanted.model, call)
        self.measures.count(outcome)
        return outcome

    def begin_job(self, client: str, photograph: Photograph, wanted: ColorizeOptions) -> Job:
        """Have it done while nobody waits. Raises Busy, Crowding or Stopping."""
        self.studio.check_room(client)
        self.jobs.check_room(client)
        job = Job(client)
        folder = job.kept.enter_context(self.studio.workspace())
        moved = Photograph(
            photograph.path.rename(folder / photograph.path.name),
            photograph.name,
            photograph.format,
            photograph.megapixels,
        )

        def told(progress: float) -> None:
            job.progress = progress

        async def work() -> Outcome:
            call = partial(make, moved, wanted, told)
            outcome = await self.studio.run(client, wanted.model, call, ticket=job.ticket)
            self.measures.count(outcome)
            return outcome

        self.jobs.begin(job, work)
        return job


def _nobody(progress: float) -> None:
    """Hears how much is done."""
