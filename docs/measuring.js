// Loads pages into a frame, one by one, and measures them: width, images, contrast of text, and use by keyboard.
// `pages`, `themes` and `widths` are given; problems are collected in `problems` as [page, text].

const problems = [];
const TEXT_CONTRAST = 4.5, LARGE_TEXT_CONTRAST = 3, OUTLINE_CONTRAST = 3; // WCAG 2.1 AA: 1.4.3 and 1.4.11
const CONTROLS = "a[href], button, summary, input, select, textarea";

// --- colours -------------------------------------------------------------------------------------------------------

const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const parsed = new Map();

// Red, green, blue and opacity from 0 to 1 of any colour of CSS.
function parse(colour) {
  if (!parsed.has(colour)) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    parsed.set(colour, [...canvas.getImageData(0, 0, 1, 1).data].map(value => value / 255));
  }
  return parsed.get(colour);
}

const over = (top, below) => [0, 1, 2].map(i => top[3] * top[i] + (1 - top[3]) * below[i]);

function luminance(colour) {
  const linear = colour.map(value => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}

function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

// The colour behind an element: backgrounds of its ancestors, one over the other.
function background(element) {
  if (!element) return [1, 1, 1];
  const colour = parse(element.ownerDocument.defaultView.getComputedStyle(element).backgroundColor);
  return colour[3] === 1 ? colour.slice(0, 3) : over(colour, background(element.parentElement));
}

// Opacity of an element in all that it is part of.
const opacity = element =>
  element ? element.ownerDocument.defaultView.getComputedStyle(element).opacity * opacity(element.parentElement) : 1;

const isVisible = element =>
  element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && element.getClientRects().length > 0;

// Tags and classes from the root to the element: what is equal in these is drawn in equal colours.
function place(element) {
  if (!element) return "";
  const row = element.tagName === "TR" ? element.rowIndex % 2 : "";
  return `${place(element.parentElement)} ${element.tagName}.${element.className}${row}${element.getAttribute("style") || ""}`;
}

const name = element => element.outerHTML.replace(/\s+/g, " ").slice(0, 90);

// --- checks of a page ----------------------------------------------------------------------------------------------

const measured = new Set(); // places whose colours are known, of all pages

function checkContrast(page, root, theme) {
  const texts = root.ownerDocument.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const elements = new Set();
  while (texts.nextNode()) if (texts.currentNode.data.trim()) elements.add(texts.currentNode.parentElement);
  for (const element of elements) {
    const key = theme + place(element);
    if (measured.has(key) || !isVisible(element)) continue;
    measured.add(key);
    const style = root.ownerDocument.defaultView.getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const behind = background(element);
    const [red, green, blue, share] = parse(style.color);
    const ratio = contrast(over([red, green, blue, share * opacity(element)], behind), behind);
    if (ratio < (isLarge ? LARGE_TEXT_CONTRAST : TEXT_CONTRAST) - 0.005)
      problems.push([page, `${theme}: text of contrast ${ratio.toFixed(2)}: ${name(element)}`]);
  }
}

// Neither the page nor what is around its text scrolls sideways; tables and code do by themselves.
function checkWidth(page, root, width) {
  const around = [root];
  for (let one = root.querySelector("article"); one; one = one.parentElement) around.push(one);
  const scrolling = around.find(one => one.scrollWidth > one.clientWidth + 1);
  if (!scrolling) return;
  const end = scrolling.getBoundingClientRect().left + scrolling.clientWidth;
  const wide = [...scrolling.querySelectorAll("main *")].find(one => one.getBoundingClientRect().right > end + 1);
  problems.push([page, `${scrolling.scrollWidth} pixels wide in ${width}: ${wide ? name(wide) : ""}`]);
}

const controlsOf = root =>
  [...root.querySelectorAll(CONTROLS)].filter(control => !control.disabled && isVisible(control));

// Each control has a name and can be reached by Tab; the first one leads past the menu.
function checkControls(page, root, width) {
  const report = (text, control) => problems.push([page, `${width} pixels: ${text}: ${control ? name(control) : ""}`]);
  const main = root.querySelector("main[id]"), first = root.querySelector(CONTROLS);
  if (main && first?.getAttribute("href") !== `#${main.id}`) report("no link to the text first", first);
  for (const control of controlsOf(root)) {
    if (control.tabIndex < 0 && control.getAttribute("role") !== "tab") report("not reached by Tab", control);
    const labels = [...(control.labels || []), ...control.querySelectorAll("title")].map(label => label.textContent);
    const images = [...control.querySelectorAll("[alt]")].map(image => image.alt);
    const words = [control.textContent, control.getAttribute("aria-label"), control.title, control.placeholder];
    if (![...words, ...labels, ...images].some(text => (text || "").trim())) report("no name", control);
  }
}

// Each control shows that it has the focus.
function checkFocus(page, root, theme, width) {
  for (const control of controlsOf(root)) {
    const key = `focus ${width} ${theme} ${place(control)}`;
    if (measured.has(key) || control.tabIndex < 0) continue;
    measured.add(key);
    checkOutline(control, text => problems.push([page, `${theme}, ${width} pixels: ${text}: ${name(control)}`]));
  }
}

// The outline may be drawn around the control, around what it fills, such as a card, or around its icon.
function checkOutline(control, report) {
  const parent = control.parentElement;
  const around = [control, parent, parent.parentElement || parent, control.firstElementChild || control];
  const styles = around.map(element => element.ownerDocument.defaultView.getComputedStyle(element));
  const look = () => styles.map(style => [style.boxShadow, style.backgroundColor, style.borderColor]).join();
  const before = look();
  control.focus({ preventScroll: true, focusVisible: true });
  const outlined = styles.findIndex(style => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1);
  if (outlined < 0 && look() === before) report("the focus is not visible");
  if (outlined >= 0 && styles[outlined].outlineStyle !== "auto") { // which the browser draws in two colours
    const behind = background(around[outlined].parentElement);
    const ratio = contrast(over(parse(styles[outlined].outlineColor), behind), behind);
    if (ratio < OUTLINE_CONTRAST) report(`outline of the focus of contrast ${ratio.toFixed(2)}`);
  }
  control.blur();
}

// --- all pages -----------------------------------------------------------------------------------------------------

async function load(page, width) {
  const frame = document.createElement("iframe");
  frame.style = `width: ${width}px; height: 900px; border: 0`;
  const loaded = new Promise(done => { frame.onload = done; });
  frame.src = page;
  document.body.append(frame);
  await loaded;
  const still = frame.contentDocument.createElement("style"); // colours are measured, not those on the way to them
  still.textContent = "*, *::before, *::after { transition: none !important; }";
  frame.contentDocument.head.append(still);
  return frame;
}

async function checkPage(page, width) {
  const frame = await load(page, width);
  const root = frame.contentDocument.documentElement;
  checkWidth(page, root, width);
  for (const image of frame.contentDocument.images)
    if (image.complete && !image.naturalWidth) problems.push([page, `no image ${image.getAttribute("src")}`]);
  checkControls(page, root, width);
  for (const theme of themes) {
    root.dataset.theme = theme;
    checkContrast(page, root, theme);
    checkFocus(page, root, theme, width);
  }
  const menu = root.querySelector(".primary-toggle"); // behind which a narrow window has links and theme switch
  if (menu && isVisible(menu)) {
    menu.click();
    const opened = root.querySelector("dialog[open]");
    if (!opened) problems.push([page, "the menu does not open"]);
    else if (![...opened.querySelectorAll(CONTROLS)].some(isVisible)) problems.push([page, "the menu is empty"]);
    else checkFocus(page, opened, themes[themes.length - 1], width);
  }
  frame.remove();
}

window.onload = async () => {
  for (const page of pages) for (const width of widths) await checkPage(page, width);
  const result = document.createElement("pre");
  result.id = "measured";
  result.textContent = JSON.stringify(problems);
  document.body.append(result);
};
