/**
 * The texts of a page that have less contrast to what is behind them than WCAG 2.2 asks for
 * (1.4.3: 4.5 to 1, 3 to 1 when large), each with its ratio. It runs in the page.
 */
export function faintTexts(): string[] {
  const brush = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  if (brush === null) throw new Error('this browser has no canvas');

  /** Red, green, blue and opacity of any colour that CSS can say. */
  const channels = (color: string): number[] => {
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = color;
    brush.fillRect(0, 0, 1, 1);
    return [...brush.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (color: string): number => {
    const [red = 0, green = 0, blue = 0] = channels(color).map((channel) => {
      const part = channel / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const backgroundOf = (element: Element): string => {
    for (let at: Element | null = element; at !== null; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if (channels(backgroundColor)[3] === 255) return backgroundColor;
    }
    return 'white';
  };

  const faint: string[] = [];
  let looked = 0;
  for (const element of document.body.querySelectorAll<HTMLElement>('*')) {
    const own = [...element.childNodes].some(
      (node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim() !== '',
    );
    const isField = element instanceof HTMLTextAreaElement;
    if ((!own && !isField) || !element.checkVisibility() || element.closest('.unseen')) continue;
    looked += 1;
    const { color, fontSize, fontWeight } = getComputedStyle(
      element,
      isField && element.value === '' ? '::placeholder' : undefined,
    );
    const [one, other] = [luminance(color), luminance(backgroundOf(element))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    const size = Number.parseFloat(fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) {
      faint.push(`${ratio.toFixed(2)} ${element.className} ${element.textContent?.trim()}`);
    }
  }
  if (looked < 10) throw new Error(`only ${looked} texts were found`);
  return faint;
}
