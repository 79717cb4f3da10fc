import fc from 'fast-check';
import { createSeal } from '../../lib/seal';

const { seal, open } = createSeal('a secret of the tests that is long enough');

test('what is sealed is opened as it was, and never sealed the same way twice', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const sealed = seal(text);
      expect(open(sealed)).toBe(text);
      expect(seal(text)).not.toBe(sealed);
    }),
  );
});

test('a sealed text shows nothing of what is in it', () => {
  const text = 'ok_orchestrator_key';
  const sealed = seal(text);
  expect(sealed).toMatch(/^v1\.[\w-]+$/);
  expect(Buffer.from(sealed.slice(3), 'base64url').toString('latin1')).not.toContain('orchestrator');
});

test('a changed bit anywhere is noticed', () => {
  const [version = '', payload = ''] = seal('whsec_secret').split('.');
  const bytes = Buffer.from(payload, 'base64url');
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => open(`${version}.${changed.toString('base64url')}`)).toThrow();
  }
});

test('a shortened text and one that was never ours are refused', () => {
  const sealed = seal('whsec_secret');
  for (const text of [
    '',
    'v1',
    'v1.',
    'v1.AAAA',
    'v2' + sealed.slice(2),
    'whsec_secret',
    sealed.slice(0, -4),
    sealed.slice(0, 30),
  ]) {
    expect(() => open(text)).toThrow();
  }
});

test('another secret opens nothing, and the same secret in another process does', () => {
  const sealed = seal('whsec_secret');
  expect(() => createSeal('another secret that is also long enough').open(sealed)).toThrow();
  expect(createSeal('a secret of the tests that is long enough').open(sealed)).toBe('whsec_secret');
});
