// A photograph taken here and now.

/** Gives a function that resolves to a File, or to null if there is none. */
export function createCamera(dialog, shot) {
  const video = dialog.querySelector("video");
  const phone = matchMedia("(pointer: coarse)").matches || !navigator.mediaDevices?.getUserMedia;

  const byPhone = () =>
    new Promise((resolve) => {
      shot.value = "";
      shot.onchange = () => resolve(shot.files[0] ?? null);
      shot.oncancel = () => resolve(null);
      shot.click();
    });

  const photograph = () =>
    new Promise((resolve) => {
      const canvas = document.createElement("canvas");
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      canvas.getContext("2d").drawImage(video, 0, 0);
      const named = (blob) => resolve(new File([blob], "camera.jpg", { type: "image/jpeg" }));
      canvas.toBlob(named, "image/jpeg", 0.95);
    });

  const byWebcam = async () => {
    const preferred = { video: { facingMode: "environment", width: { ideal: 1920 } } };
    const stream = await navigator.mediaDevices.getUserMedia(preferred);
    video.srcObject = stream;
    dialog.showModal();
    try {
      const wanted = await new Promise((resolve) => {
        dialog.querySelector(".shoot").onclick = () => resolve(true);
        dialog.querySelector(".cancel").onclick = () => resolve(false);
        dialog.oncancel = () => resolve(false);
      });
      return wanted ? await photograph() : null;
    } finally {
      dialog.close();
      video.srcObject = null;
      for (const track of stream.getTracks()) track.stop();
    }
  };

  return phone ? byPhone : byWebcam;
}
