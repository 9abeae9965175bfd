// Evaluated after each press of the Tab key: returns a violation of the focused element, or `end` after the last one.
async () => {
  const element = document.activeElement;
  // Elements that move on focus do so in the next frame.
  for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);
  if (!element || element === document.body || window.visited.includes(element)) return 'end';
  const before = window.visited.at(-1);
  window.visited.push(element);
  const name = element.outerHTML.slice(0, 120);
  if (before && !(before.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING)) return `focus moves backwards: ${name}`;
  if (element.tabIndex > 0) return `positive tabindex: ${name}`;
  const { top, bottom, left, right, width, height } = element.getBoundingClientRect();
  if (width === 0 || height === 0 || bottom < 0 || top > innerHeight || right < 0 || left > innerWidth) return `focus outside the viewport: ${name}`;
  // The outline may be on the element or its parent.
  const hasOutline = (candidate) => {
    const style = getComputedStyle(candidate);
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  };
  if (!hasOutline(element) && !hasOutline(element.parentElement)) return `no visible focus: ${name}`;
  return null;
}
