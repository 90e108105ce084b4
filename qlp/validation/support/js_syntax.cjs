// Runs in the sandbox: parses every JavaScript and TypeScript file with TypeScript's parser and prints
// {files, errors} as JSON. No types are checked here: that is the types stage.
const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');
const ts = createRequire('/opt/qlp/node/package.json')('typescript');

const SKIP = new Set(['.git', '.qlp', '.home', 'node_modules', 'dist', 'coverage']);
const SOURCE = /\.(?:[cm]?js|[cm]?ts|jsx|tsx)$/;
const errors = [];
let files = 0;
(function walk(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!SKIP.has(entry.name)) walk(name);
    } else if (entry.isFile() && SOURCE.test(entry.name)) {
      files += 1;
      const source = ts.createSourceFile(name, fs.readFileSync(name, 'utf8'), ts.ScriptTarget.Latest, false);
      for (const problem of source.parseDiagnostics) {
        const at = source.getLineAndCharacterOfPosition(problem.start);
        errors.push({
          file: name,
          line: at.line + 1,
          column: at.character + 1,
          message: ts.flattenDiagnosticMessageText(problem.messageText, ' '),
        });
      }
    }
  }
})('.');
process.stdout.write(JSON.stringify({ files, errors }));
