// Clips as addresses, and their first frames as still pictures.

const embedded = new Map(
  [...document.querySelectorAll('script.clip')].map((it) => [it.dataset.key, it]),
);

/** Where a clip can be played from; whoever asks lets go of it by `release`. */
function clipSource(job) {
  const inside = embedded.get(job.key);
  if (inside === undefined) return { url: address(job.file), release() {} };
  const url = URL.createObjectURL(new Blob([bytesOf(inside.textContent)], { type: 'video/mp4' }));
  return { url, release: () => URL.revokeObjectURL(url) };
}

function bytesOf(base64) {
  const text = atob(base64.trim());
  const octets = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) octets[at] = text.charCodeAt(at);
  return octets;
}

/** Lets a video element go of its clip, and of the decoder that it holds. */
function emptyVideo(video) {
  video.pause();
  video.removeAttribute('src');
  video.load();
}

// A browser has few decoders: first frames are drawn by two of them, one clip after the other, and
// kept as pictures, so that no card needs a decoder of its own before somebody plays it.
const MOST_DRAWING = 2;
const MOST_FRAMES = 160; // at 270 × 480 × 4 bytes each: some 80 MB
const LONG_SIDE = 480;
const PATIENCE_MS = 10_000;
const UNTIL_STILL_MS = 120; // what is scrolled past is not worth a picture

const frames = {
  drawnOf: new Map(), // of a job's key: its canvas, or null where its file can't be shown
  wanted: [],
  drawing: 0,

  /** Calls `use` with the first frame of a clip, at once or later; with null if it has none. */
  want(job, stage, use) {
    const frame = this.drawnOf.get(job.key);
    if (frame !== undefined) {
      use(frame);
      return;
    }
    this.wanted.push({ job, stage, use });
    this.beginSoon();
  },

  beginSoon: settled(() => frames.begin(), UNTIL_STILL_MS),

  begin() {
    while (this.drawing < MOST_DRAWING && this.wanted.length) {
      const { job, stage, use } = this.wanted.shift();
      if (!stage.isConnected) continue;
      this.drawing += 1;
      this.draw(job).then((frame) => {
        this.drawing -= 1;
        this.keep(job.key, frame);
        use(frame);
        this.begin();
      });
    }
  },

  async draw(job) {
    const video = document.createElement('video');
    const source = clipSource(job);
    video.muted = true;
    video.preload = 'auto';
    video.src = `${source.url}#t=0.001`; // Safari draws nothing before it is told to seek
    const isHere = await isLoaded(video);
    const frame = isHere ? firstFrame(video) : null;
    emptyVideo(video);
    source.release();
    return frame;
  },

  keep(key, frame) {
    this.drawnOf.set(key, frame);
    if (this.drawnOf.size > MOST_FRAMES) this.forgetOldest();
  },

  forgetOldest() {
    for (const [key, frame] of this.drawnOf) {
      if (frame?.isConnected) continue; // a card shows it
      this.drawnOf.delete(key);
      return;
    }
  },
};

function isLoaded(video) {
  return new Promise((tellWhether) => {
    video.addEventListener('loadeddata', () => tellWhether(true), { once: true });
    video.addEventListener('error', () => tellWhether(false), { once: true });
    setTimeout(() => tellWhether(video.readyState >= video.HAVE_CURRENT_DATA), PATIENCE_MS);
  });
}

function firstFrame(video) {
  const shrink = Math.min(1, LONG_SIDE / Math.max(video.videoWidth, video.videoHeight));
  const canvas = el('canvas', {
    width: Math.round(video.videoWidth * shrink),
    height: Math.round(video.videoHeight * shrink),
    'aria-hidden': 'true',
  });
  canvas.getContext('2d').drawImage(video, 0, 0, canvas.width, canvas.height);
  return canvas;
}
