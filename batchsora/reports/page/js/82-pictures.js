// The pictures in the viewer: the clip beside its image, or the takes of a row beside each other.

function viewerPictures(job) {
  const takes = takesOf(job).filter((it) => it.hasClip);
  const box = el('div.pictures');
  const change =
    takes.length > 1 && job.hasClip
      ? button(`Compare its ${takes.length} takes`, () => compare(), {
          class: 'quiet',
          'aria-pressed': 'false',
        })
      : null;
  const showOne = () => fill(box, clipAndImage(job), change && el('p', change));
  function compare() {
    const comparing = change.getAttribute('aria-pressed') === 'true';
    change.setAttribute('aria-pressed', String(!comparing));
    letGo();
    if (comparing) showOne();
    else fill(box, takesSideBySide(takes), el('p', change));
    change.focus();
  }
  showOne();
  return box;
}

function clipAndImage(job) {
  const picture = pictureOf(job);
  const image =
    picture === null
      ? null
      : el(
          'figure.image',
          el('img', { src: picture, alt: `The image that ${job.name} was made from` }),
          el('figcaption', apart(job.image ?? '')),
        );
  const { clip, video, source } = clipFigure(job, job.hasClip ? apart(job.file) : null);
  if (video !== null) rememberSound(video);
  letGo = letGoOf([{ video, source }]);
  return el('div', { class: `pair ${job.hasClip ? shapeOf(job.size) : 'bare'}` }, clip, image);
}

let isHeard = false; // whoever turns the sound on hears the next clip, too

function rememberSound(video) {
  video.muted = !isHeard;
  video.addEventListener('volumechange', () => {
    isHeard = !video.muted;
  });
}

/** A clip with controls, or words that say why there is none. */
function clipFigure(job, caption) {
  if (!job.hasClip) {
    const clip = el('figure.none', el('p', `No clip: ${stateWords(job)}`));
    return { clip, video: null, source: null };
  }
  const source = clipSource(job);
  const video = el('video', {
    controls: true,
    loop: true,
    playsinline: true,
    preload: 'auto',
    'aria-label': `Clip ${job.name}`,
    error: () => {
      missing.hidden = false;
      video.hidden = true;
    },
  });
  const missing = el('p.error', { hidden: true }, 'Not found beside this page: ', apart(job.file));
  video.muted = true;
  if (!wantsCalm.matches) video.autoplay = true;
  video.src = source.url;
  const save = el('a.link', { href: source.url, download: job.file.split('/').at(-1) }, 'Save');
  const below = el('figcaption', caption, caption && ' · ', save);
  return { clip: el('figure', video, missing, below), video, source };
}

/** All takes of a row, which begin together: the one that is best is kept, the others rejected. */
function takesSideBySide(takes) {
  const figures = takes.map((take) => ({ take, ...clipFigure(take, `Take ${take.take}`) }));
  letGo = letGoOf(figures);
  return el(
    'div.takes',
    figures.map(({ take, clip }) => {
      const choice = verdictOf(take);
      const one = el('div.one-take', { 'data-take': take.key }, clip, choice);
      showMark(one, take);
      return one;
    }),
  );
}

const letGoOf = (figures) => () => {
  for (const { video, source } of figures) {
    if (video === null) continue;
    emptyVideo(video);
    source.release();
  }
};

/** Plays or pauses what is in the viewer. */
function playViewed() {
  for (const video of viewer.querySelectorAll('video')) {
    if (video.paused) video.play().catch(() => {});
    else video.pause();
  }
}

marksChanged.listen(() => {
  if (viewed === null) return;
  showMark(viewer, viewed);
  for (const one of viewer.querySelectorAll('[data-take]'))
    showMark(one, jobByKey.get(one.dataset.take));
});
