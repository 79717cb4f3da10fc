import { addressOf } from '../../dev/supervisor/parts';

test.each([
  ['127.0.0.1', 'http://127.0.0.1:4400'],
  ['0.0.0.0', 'http://127.0.0.1:4400'],
  ['::', 'http://[::1]:4400'],
  ['::1', 'http://[::1]:4400'],
  ['192.168.1.5', 'http://192.168.1.5:4400'],
  ['mooring.lan', 'http://mooring.lan:4400'],
])('a platform that listens on %s is looked for at %s', (host, address) => {
  expect(addressOf(host, 4400)).toBe(address);
});
