// The arrows that open a section of the menu have no text: readers of screens are told which section it is.
for (const arrow of document.querySelectorAll(".bd-links summary")) {
  const link = arrow.parentElement.parentElement.querySelector("a");
  arrow.setAttribute("aria-label", `pages of ${link.textContent.trim()}`);
}
