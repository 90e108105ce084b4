/**
 * Shifts each of the letters a-z and A-Z by `shift` places; everything else stays.
 *
 * A toy: it protects nothing.
 *
 * @param {string} text
 * @param {number} shift an integer, negative to shift back
 * @returns {string}
 */
export function caesarEncode(text, shift) {
  const places = ((shift % 26) + 26) % 26;
  return text.replace(/[a-z]/gi, (letter) => {
    const base = letter <= "Z" ? 65 : 97;
    return String.fromCharCode(((letter.charCodeAt(0) - base + places) % 26) + base);
  });
}

/**
 * Undoes caesarEncode with the same shift.
 *
 * @param {string} text
 * @param {number} shift an integer
 * @returns {string}
 */
export function caesarDecode(text, shift) {
  return caesarEncode(text, -shift);
}
