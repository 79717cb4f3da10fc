import { qrMaker } from '../../dev/agents/qr/qr-maker';
import { askAgent } from './ask';

const make = (args: Record<string, unknown>) => askAgent(qrMaker, 'make_qr', args);

test('a link becomes a picture, and the schema says that it is one', async () => {
  const answer = await make({ text: 'https://example.org' });
  expect(answer).toMatchObject({
    ok: true,
    output: {
      summary: 'A QR code of 25 × 25 squares, which holds: https://example.org',
      svg: expect.stringMatching(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^]*<\/svg>$/) as unknown,
      modules: 25,
      version: 2,
      error_correction: 'M',
    },
  });
  expect(qrMaker.actions[0]?.listing.output_schema).toMatchObject({
    properties: { svg: { type: 'string', contentMediaType: 'image/svg+xml' } },
  });
});

test('the longest text at the highest correction stays a picture of moderate size', async () => {
  const answer = await make({ text: '€'.repeat(300), error_correction: 'H' });
  expect(answer.ok && String(answer.output['svg']).length).toBeLessThan(64 * 1024);
});

test.each([
  [{ text: '' }, 'invalid_arguments'],
  [{ text: 'a'.repeat(1_001) }, 'invalid_arguments'],
  [{ text: '€'.repeat(1_000), error_correction: 'H' }, 'text_too_long'],
])('what no code can hold is refused in words (%#)', async (args, code) => {
  expect(await make(args)).toMatchObject({ ok: false, error_code: code });
});
