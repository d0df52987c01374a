// The arrows that open a section of the menu have no text: readers of screens are told which section it is.
for (const arrow of document.querySelectorAll(".bd-links summary")) {
  const link = arrow.parentElement.parentElement.querySelector("a");
  arrow.setAttribute("aria-label", `pages of ${link.textContent.trim()}`);
}

// The name of the button of the search has all that stands on it, which includes its keys.
for (const button of document.querySelectorAll("button.search-button-field"))
  button.setAttribute("aria-label", button.textContent.replace(/\s+/g, " ").trim());
