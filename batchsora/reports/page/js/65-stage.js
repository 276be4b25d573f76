// The stage of a card: the clip, letterboxed, and the image that it was made from beside it.

const HOVER_MS = 140; // a pointer that only passes starts nothing
let hovering = 0; // the timer of a pointer that has come
let playing = null; // the one clip that plays in the gallery: { job, stage, video, source, pinned }

function stageOf(job) {
  const stage = el('div', { class: `stage ${shapeOf(job.size)}` });
  const picture = pictureOf(job);
  if (!job.hasClip) {
    if (picture !== null) stage.append(el('img.frame.faint', { src: picture, alt: '' }));
    return stage;
  }
  const press = button('', () => togglePlaying(job, stage), {
    class: 'play',
    'aria-label': `Play ${job.name}`,
    'aria-pressed': 'false',
  });
  if (picture !== null) press.append(el('img.frame.waiting', { src: picture, alt: '' }));
  stage.append(press);
  if (picture !== null) stage.append(sourceInset(job, picture));
  frames.want(job, stage, (frame) => showFrame(job, stage, press, frame));
  playOnHover(job, stage);
  return stage;
}

const shapeOf = (size) => {
  const [width, height] = (size ?? '').split('x').map(Number);
  return height > width ? 'tall' : 'wide';
};

function sourceInset(job, picture) {
  const alt = `The image that ${job.name} was made from`;
  return el('img.source', { src: picture, alt, title: job.image, decoding: 'async' });
}

function showFrame(job, stage, press, frame) {
  if (frame === null) {
    stage.classList.add('missing');
    stage.append(el('p.said', 'Not found beside this page: ', apart(job.file)));
    return;
  }
  press.querySelector('.waiting')?.remove();
  frame.className = 'frame';
  press.prepend(frame);
}

function playOnHover(job, stage) {
  stage.addEventListener('pointerenter', (event) => {
    if (event.pointerType !== 'mouse' || wantsCalm.matches) return;
    hovering = setTimeout(() => playing?.pinned || play(job, stage, false), HOVER_MS);
  });
  stage.addEventListener('pointerleave', () => {
    clearTimeout(hovering);
    if (playing?.stage === stage && !playing.pinned) stopPlaying();
  });
}

function togglePlaying(job, stage) {
  clearTimeout(hovering); // a click says it more plainly
  const ours = playing?.stage === stage;
  if (ours && playing.pinned) stopPlaying();
  else if (ours) playing.pinned = true;
  else play(job, stage, true);
}

function play(job, stage, pinned) {
  stopPlaying();
  const source = clipSource(job);
  const video = el('video.frame.moving', { loop: true, playsinline: true, tabindex: -1 });
  video.muted = true;
  video.src = source.url;
  const press = stage.querySelector('.play');
  press.append(video);
  press.setAttribute('aria-pressed', 'true');
  stage.classList.add('playing');
  playing = { job, stage, video, source, pinned };
  // leaving before it began is no error
  video.play().catch(() => {});
}

function stopPlaying() {
  if (playing === null) return;
  const { stage, video, source } = playing;
  playing = null;
  emptyVideo(video);
  video.remove();
  source.release();
  stage.classList.remove('playing');
  stage.querySelector('.play')?.setAttribute('aria-pressed', 'false');
}
