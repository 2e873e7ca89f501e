// The choice between the system's theme, light and dark.

export function offerThemes(buttons) {
  const show = (theme) => {
    document.documentElement.dataset.theme = theme;
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      localStorage.setItem("theme", button.dataset.themeChoice);
      show(button.dataset.themeChoice);
    });
  }
  show(document.documentElement.dataset.theme);
}
