// Evaluated in a page: returns its accessibility violations.
() => {
  const violations = [];
  const report = (element, violation) => violations.push(`${violation}: ${element.outerHTML.slice(0, 140)}`);
  const isShown = (element) => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })
    && !element.closest('[aria-hidden="true"]');

  const nameOf = (element) => (element.getAttribute('aria-label')
    || (element.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join('')
    || [...(element.labels ?? [])].map((label) => label.textContent).join('')
    || element.textContent || '').trim();

  const isModal = document.querySelector('dialog[open]') !== null;
  for (const element of document.querySelectorAll('a, button, input, select, textarea, dialog, [role]')) {
    if (isShown(element) && !['status', 'alert', 'search', 'list'].includes(element.getAttribute('role') ?? '') && !nameOf(element)) report(element, 'no name');
  }
  const ROLES = ['status', 'alert', 'search', 'img', 'region', 'dialog', 'list', 'log'];
  for (const element of document.querySelectorAll('[role]')) {
    if (!ROLES.includes(element.getAttribute('role') ?? '')) report(element, 'unknown role');
  }
  for (const attribute of ['aria-labelledby', 'aria-describedby', 'aria-controls', 'for']) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
      for (const id of (element.getAttribute(attribute) ?? '').split(' ')) if (!document.getElementById(id)) report(element, `${attribute} references a missing id`);
    }
  }
  for (const element of document.querySelectorAll('a a, a button, button a, button button, label button')) report(element, 'nested controls');
  for (const element of document.querySelectorAll('[aria-hidden="true"] a, [aria-hidden="true"] button, [aria-hidden="true"] input')) report(element, 'focusable but aria-hidden');
  for (const table of document.querySelectorAll('table')) if (!table.querySelector('th[scope="col"]')) report(table, 'no column headers');
  for (const image of document.images) if (!image.hasAttribute('alt')) report(image, 'no alt');
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) violations.push(`duplicate id ${id}`);
  if (document.querySelectorAll('h1').length !== 1) {
    if (!document.querySelector('.empty-state')) violations.push('not exactly one h1');
  }
  if (document.querySelectorAll('main').length !== 1) violations.push('not exactly one main');
  if (document.querySelectorAll('header').length !== 1) violations.push('not exactly one header');
  if (!document.querySelector('[aria-live], [role=status]')) violations.push('no live region');
  if (!document.documentElement.lang || !document.title) violations.push('no language or title');
  let level = 0;
  for (const heading of document.querySelectorAll('main h1, main h2, main h3')) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1 && level > 0) report(heading, 'skipped heading level');
    level = own;
  }
  if (document.documentElement.scrollWidth > innerWidth) violations.push(`horizontal overflow: ${document.documentElement.scrollWidth}`);

  // Contrast (WCAG 2, 1.4.3) of text on the nearest opaque background.
  const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (colour) => {
    const [r, g, b] = rgba(colour).map((value) => ((value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const backgroundOf = (element) => {
    for (let ancestor = element; ancestor; ancestor = ancestor.parentElement) {
      const colour = getComputedStyle(ancestor).backgroundColor;
      if (rgba(colour)[3] === 255) return colour;
    }
    return getComputedStyle(document.documentElement).backgroundColor;
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim() || !element || (isModal && !element.closest('dialog'))) continue;
    if (!element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) || element.closest('.visually-hidden, .skip-link, option')) continue;
    const style = getComputedStyle(element);
    if (parseFloat(style.fontSize) === 0) continue;
    const [a, b] = [luminance(style.color), luminance(backgroundOf(element))].sort((x, y) => y - x);
    const isLarge = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (isLarge ? 3 : 4.5)) report(element, `contrast ${ratio.toFixed(2)}`);
  }

  // Target size (WCAG 2.2, 2.5.8) of controls, except links in text.
  for (const element of document.querySelectorAll('button, input, select, nav a')) {
    const { width, height } = element.getBoundingClientRect();
    if (isShown(element) && (width < 24 || height < 24)) report(element, `only ${Math.round(width)} × ${Math.round(height)}`);
  }
  return violations;
}
