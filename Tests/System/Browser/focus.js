// Run after each press of the Tab key: what is wrong with where the focus is now; `end` once it is round.
async () => {
  const element = document.activeElement;
  // What moves when it is focused moves in the next frame.
  for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);
  if (!element || element === document.body || window.walked.includes(element)) return 'end';
  const before = window.walked.at(-1);
  window.walked.push(element);
  const name = element.outerHTML.slice(0, 120);
  if (before && !(before.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING)) return `the focus goes back: ${name}`;
  if (element.tabIndex > 0) return `an order of its own: ${name}`;
  const { top, bottom, left, right, width, height } = element.getBoundingClientRect();
  if (width === 0 || height === 0 || bottom < 0 || top > innerHeight || right < 0 || left > innerWidth) return `the focus is out of sight: ${name}`;
  // What shows it may be drawn around the element, or around the part that holds it.
  const shows = (one) => {
    const style = getComputedStyle(one);
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  };
  if (!shows(element) && !shows(element.parentElement)) return `nothing shows the focus: ${name}`;
  return null;
}
