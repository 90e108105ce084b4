// Runs in the sandbox: tests written for jest, by vitest, which knows the same functions.
export default {
  root: process.cwd(),
  test: {
    globals: true,
    setupFiles: [`${process.cwd()}/.qlp/jest/setup.mjs`],
    include: ['**/*.{test,spec}.?(c|m)[jt]s?(x)', '**/__tests__/**/*.?(c|m)[jt]s?(x)'],
  },
};
