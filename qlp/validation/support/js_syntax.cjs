// Runs in the sandbox: parses the JavaScript and TypeScript files named on standard input (NUL after each) and prints
// {files, errors} as JSON. TypeScript's parser reads all of them, V8's compiler JavaScript as well: it knows the early
// errors that a parser lets pass. Nothing is executed, and no types are checked: that is the types stage.
// Needs node --experimental-vm-modules.
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
const { createRequire } = require('node:module');
const ts = createRequire('/opt/qlp/node/package.json')('typescript');

const PARAMETERS = ['exports', 'require', 'module', '__filename', '__dirname'];
const errors = [];
const add = (file, line, column, message) => errors.push({ file, line, column, message });

function typescript(name, text) {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, false);
  for (const problem of source.parseDiagnostics) {
    const at = source.getLineAndCharacterOfPosition(problem.start);
    add(name, at.line + 1, at.character + 1, ts.flattenDiagnosticMessageText(problem.messageText, ' '));
  }
  return source;
}

function hasJsx(source) {
  let found = false;
  (function visit(node) {
    found ||= ts.isJsxElement(node) || ts.isJsxSelfClosingElement(node) || ts.isJsxFragment(node);
    if (!found) ts.forEachChild(node, visit);
  })(source);
  return found;
}

const asScript = (name, text) => vm.compileFunction(text, PARAMETERS, { filename: name });
const asModule = (name, text) => new vm.SourceTextModule(text, { identifier: name });

function compile(name, text, isModule) {
  const code = text.replace(/^#!/, '//');
  const [first, second] = isModule ? [asModule] : name.endsWith('.cjs') ? [asScript] : [asScript, asModule];
  try {
    first(name, code);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    if (second) {
      try {
        second(name, code);
        return; // node decides by its syntax, too
      } catch { /* the first error is the one that is meant */ }
    }
    const at = String(error.stack).split('\n', 1)[0].match(/:(\d+)$/);
    add(name, at ? Number(at[1]) : null, null, error.message);
  }
}

const names = fs.readFileSync(0, 'utf8').split('\0').filter(Boolean);
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
for (const name of names) {
  const before = errors.length;
  let text;
  try {
    text = strict.decode(fs.readFileSync(name));
  } catch {
    add(name, null, null, 'the file is not UTF-8 text');
    continue;
  }
  try {
    const source = typescript(name, text);
    if (errors.length === before && /\.[cm]?js$/.test(name) && !hasJsx(source)) {
      const isModule = name.endsWith('.mjs') || (!name.endsWith('.cjs') && ts.isExternalModule(source));
      compile(name, text, isModule);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    add(name, null, null, 'nested deeper than the parser can follow');
  }
}
process.stdout.write(JSON.stringify({ files: names.length, errors }));
