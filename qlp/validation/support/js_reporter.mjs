// Runs in the sandbox, in node's test runner (not in the tests' processes): one JSON line for what became of each test.
import { readFileSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';

const MAX = 4000;
const place = (data) => {
  const file = data.file ? relative(process.cwd(), data.file) : null;
  return { file: file?.startsWith('..') ? null : file, line: data.line ?? null };
};
const isFile = (data) => data.nesting === 0 && data.file
  && (resolve(data.name) === data.file || basename(data.file) === data.name);

function text(error) {
  const cause = error?.cause ?? error;
  const stack = typeof cause === 'string' ? cause : (cause?.stack ?? cause?.message ?? String(cause ?? ''));
  return String(stack).replaceAll(`file://${process.cwd()}/`, '').replaceAll(`${process.cwd()}/`, '').slice(0, MAX);
}

// Where the error was thrown, if that is in the project: the first frame of its stack.
function thrown(shown) {
  const found = /^ +at (?:.*\()?([^\s():]+\.[cm]?[jt]sx?):(\d+):\d+\)?$/m.exec(shown);
  return found && !found[1].startsWith('node:') && !found[1].startsWith('/') ? { file: found[1], line: Number(found[2]) } : {};
}

// A file without node:test is one test: a script that ends with 0 or not. It has to check something to count.
function script(file) {
  try {
    const source = readFileSync(file, 'utf8');
    if (/['"](?:node:)?test['"]/.test(source)) return 'ended';
    return /\bassert|\bthrow\b|\bexpect\b|process\.exit(?:Code)?\b/.test(source) ? 'passed' : 'nothing';
  } catch {
    return 'nothing';
  }
}

export default async function* report(source) {
  const finished = new Set();
  const whole = [];
  for await (const { type, data } of source) {
    if (type === 'test:summary') {
      if (data.file) finished.add(data.file);
      else yield `${JSON.stringify({ end: data.success ? 0 : 1 })}\n`;
    } else if (type === 'test:pass' || type === 'test:fail') {
      if (data.details?.type === 'suite' && type === 'test:pass') continue;
      if (type === 'test:pass' && isFile(data)) {
        whole.push(data);
        continue;
      }
      const skipped = (data.skip !== undefined && data.skip !== false) || (data.todo !== undefined && data.todo !== false);
      const error = data.details?.error;
      if (data.details?.type === 'suite' && error?.failureType === 'subtestsFailed') continue;
      const shown = type === 'test:fail' ? text(error) : '';
      const outcome = skipped ? 'skipped' : type === 'test:pass' ? 'passed' : 'failed';
      const message = String(error?.cause?.message ?? error?.message ?? '').slice(0, MAX);
      yield `${JSON.stringify({ name: data.name, outcome, ...place(data), ...thrown(shown), message, text: shown })}\n`;
    }
  }
  for (const data of whole) {
    if (finished.has(data.file)) continue;
    const what = script(data.file);
    if (what === 'passed') yield `${JSON.stringify({ name: data.name, outcome: 'passed', ...place(data) })}\n`;
    if (what === 'ended') {
      const message = 'the process of this file ended itself before its tests were through (process.exit?)';
      yield `${JSON.stringify({ name: data.name, outcome: 'failed', ...place(data), message, text: '' })}\n`;
    }
  }
}
