// A network without names but this machine's: what would be fetched from outside fails at once.
const dns = require('node:dns');
const { lookup } = dns;
dns.lookup = (name, ...rest) =>
  lookup(/^(localhost|[\d.:]+)$/.test(name) ? name : `${name}.invalid`, ...rest);
