import { create, toString } from 'qrcode';
import { z } from 'zod';
import { Refusal, defineAction } from '../action';
import type { DemoAgent } from '../action';
import { clip } from '../text/input';

const TEXT_LIMIT = 1_000;
const LEVELS = ['L', 'M', 'Q', 'H'] as const;
const SLOW_MS = 3_000;

const makeQr = defineAction({
  name: 'make_qr',
  description:
    'Makes a QR code, a square picture that phones scan, from a link (URL) or any short text. The picture is SVG.',
  price: '0.02',
  input: z.object({
    text: z
      .string()
      .min(1)
      .max(TEXT_LIMIT)
      .describe(`The link or text that the QR code shall hold, at most ${TEXT_LIMIT} characters`),
    error_correction: z
      .enum(LEVELS)
      .default('M')
      .describe('How much may be dirty or covered: L 7 %, M 15 %, Q 25 %, H 30 %'),
  }),
  output: z.object({
    summary: z.string().describe('What the code holds, and how large it is'),
    svg: z.string().meta({ contentMediaType: 'image/svg+xml' }).describe('The QR code as a picture'),
    modules: z.int().describe('Squares along one side, without the margin'),
    version: z.int().min(1).max(40).describe('The size class of the QR standard'),
    error_correction: z.enum(LEVELS),
  }),
  run: async ({ text, error_correction }) => {
    const options = { errorCorrectionLevel: error_correction };
    const code = attempt(() => create(text, options));
    const svg = await toString(text, { ...options, type: 'svg' });
    return {
      summary: `A QR code of ${code.modules.size} × ${code.modules.size} squares, which holds: ${clip(text, 200)}`,
      svg: svg.trim(),
      modules: code.modules.size,
      version: code.version,
      error_correction,
    };
  },
});

function attempt<T>(make: () => T): T {
  try {
    return make();
  } catch {
    throw new Refusal(
      'text_too_long',
      'text: is too long for one QR code at this error correction; take a lower one',
    );
  }
}

export const qrMaker: DemoAgent = {
  version: '1.0.0',
  message:
    'I am Squareprint. Use `make_qr` with a link or a short text in `text`; the answer has the picture as SVG. ' +
    'Each code costs 0.02 USDC. I am slow on purpose, to show how that looks: every answer takes three seconds.',
  actions: [makeQr],
  slowMs: SLOW_MS,
};
