/**
 * Shifts the letters a-z and A-Z by 13 places; applied twice it gives the text back.
 *
 * @param {string} text
 * @returns {string}
 */
export function rot13(text) {
  return text.replace(/[a-z]/gi, (letter) => {
    const step = letter.toLowerCase() <= "m" ? 13 : -13;
    return String.fromCharCode(letter.charCodeAt(0) + step);
  });
}
