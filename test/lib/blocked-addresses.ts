/** Appendix A of the reliability reference, and some more of the same kinds: hosts that no request may reach. */
export const BLOCKED_HOSTS = [
  ...['127.0.0.1', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '0', '0.0.0.0', '127.255.255.254'],
  ...['[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]'],
  ...[
    '[fd00::1]',
    '[fe80::1]',
    '[fec0::1]',
    '169.254.169.254',
    '[::ffff:a9fe:a9fe]',
    '100.64.0.1',
    '10.0.0.1',
  ],
  ...['172.16.0.1', '192.168.1.1', '198.18.0.1', '192.0.0.192', '224.0.0.1', '255.255.255.255'],
  ...['168.63.129.16', '[::ffff:168.63.129.16]', '①②⑦.⓪.⓪.①', '１２７.0.0.1', '127。0。0。1'],
];

/** With a user in front, which is refused whatever comes after it. */
export const BLOCKED_USERS = ['user:pw@127.0.0.1', 'example.com@127.0.0.1', 'user@example.com'];

/** Names of this machine and of a cloud's own services, which lead nowhere public. */
export const BLOCKED_NAMES = [
  'localhost',
  'localhost.',
  'x.localhost',
  'LOCALHOST',
  'metadata.google.internal',
];

export const BLOCKED_PORTS = [22, 25, 80, 5432, 6379, 6333, 7233, 8233, 8080];

export const BLOCKED_SCHEMES = [
  'http://93.184.215.14/',
  'file:///etc/passwd',
  'ftp://93.184.215.14/',
  'gopher://93.184.215.14/',
  'data:,x',
  'unix:/run/x',
  'https://',
  'no url',
];

/** Every one of them as a URL. */
export const BLOCKED_URLS = [
  ...[...BLOCKED_HOSTS, ...BLOCKED_USERS, ...BLOCKED_NAMES].map((host) => `https://${host}/`),
  ...BLOCKED_PORTS.map((port) => `https://93.184.215.14:${port}/`),
  ...BLOCKED_SCHEMES,
];

/** The hosts of the list that are an address, as DNS would answer with it. */
export const BLOCKED_ADDRESSES = BLOCKED_HOSTS.filter(
  (host) => host.startsWith('[') || /^(?!0\d)\d+(\.\d+){3}$/.test(host),
).map((host) => host.replace(/^\[|\]$/g, ''));
