"""All that the routes share: the worker pool, the jobs, what arrives and what is measured."""

from functools import partial

from colorear.server.api.forms import Question, Wish, parse_question, parse_wish
from colorear.server.api.jobs import Job, Jobs
from colorear.server.api.prometheus import Metrics
from colorear.server.api.tasks import (
    Result,
    UploadedPhoto,
    colorize_upload,
    inspect_upload,
    suggest_colors,
)
from colorear.server.model_cache import check_name
from colorear.server.settings import Settings
from colorear.server.uploads import Upload, UploadLimits
from colorear.server.worker_pool import WorkerPool

__all__ = ["Service"]


class Service:
    """What one server has; `stop` ends it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.pool = WorkerPool(settings)
        self.jobs = Jobs(settings, self.pool)
        self.upload_limits = UploadLimits(settings)
        self.metrics = Metrics(self.pool, self.jobs)

    async def stop(self) -> None:
        """Finish what runs, tell the rest, and remove everybody's files."""
        await self.pool.finish()
        await self.jobs.end()
        await self.pool.stop()

    async def look(self, upload: Upload) -> tuple[UploadedPhoto, Wish]:
        """What came, and what is wished of it. Raises ColorearError."""
        wish = parse_wish(upload, self.settings)
        check_name(wish.options.model)
        return await self.pool.inspect(partial(inspect_upload, upload, self.settings)), wish

    async def suggest(self, client: str, upload: Upload) -> tuple[Question, list[str]]:
        """What is asked of a photograph, and the colors that are likely. Raises ColorearError."""
        question = parse_question(upload, self.settings)
        check_name(question.options.model)
        photograph = await self.pool.inspect(partial(inspect_upload, upload, self.settings))
        task = partial(suggest_colors, photograph, *question)
        return question, await self.pool.run(client, question.options.model, task)

    async def color(self, client: str, photograph: UploadedPhoto, wish: Wish) -> Result:
        """Do it as soon as it is this client's turn. Raises as `WorkerPool.run` and `make` do."""
        task = partial(colorize_upload, photograph, wish.options, uncertainty=wish.uncertainty)
        result = await self.pool.run(client, wish.options.model, task)
        self.metrics.count(result)
        return result

    def begin_job(self, client: str, photograph: UploadedPhoto, wish: Wish) -> Job:
        """Have it done while nobody waits. Raises QueueFull, ClientLimit or Stopping."""
        self.pool.check_room(client)
        self.jobs.check_room(client)
        job = Job(client)
        folder = job.kept.enter_context(self.pool.workspace())
        moved = UploadedPhoto(
            photograph.path.rename(folder / photograph.path.name),
            photograph.name,
            photograph.format,
            photograph.megapixels,
        )

        def report(progress: float) -> None:
            job.progress = progress

        async def work() -> Result:
            task = partial(colorize_upload, moved, wish.options, uncertainty=wish.uncertainty)
            result = await self.pool.run(
                client, wish.options.model, task, ticket=job.ticket, report=report
            )
            self.metrics.count(result)
            return result

        self.jobs.begin(job, work)
        return job
