// Runs in the sandbox, before a project's tests: `localhost` means 127.0.0.1 also where no file and no server says so.
const dns = require('node:dns');

const known = (options) => {
  const { all, family } = typeof options === 'number' ? { family: options } : (options ?? {});
  const found = { address: family === 6 ? '::1' : '127.0.0.1', family: family === 6 ? 6 : 4 };
  return all ? [found] : found;
};
const { lookup } = dns;
dns.lookup = Object.assign(function localLookup(name, options, done) {
  const finish = typeof options === 'function' ? options : done;
  if (name !== 'localhost') return lookup.call(dns, name, options, done);
  const found = known(typeof options === 'function' ? {} : options);
  process.nextTick(() => (Array.isArray(found) ? finish(null, found) : finish(null, found.address, found.family)));
  return {};
}, lookup);
const { lookup: promised } = dns.promises;
dns.promises.lookup = async (name, options) => (name === 'localhost' ? known(options) : promised(name, options));
