import { z } from 'zod';

/** What `/invoke` answers: the work, or why there is none. */
export const Answer = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    output: z.record(z.string(), z.unknown()),
    charge_usdc: z.string().optional(),
  }),
  z.object({ ok: z.literal(false), error: z.string(), error_code: z.string() }),
]);
export type Answer = z.infer<typeof Answer>;

export const refusal = (error_code: string, error: string): Answer => ({ ok: false, error, error_code });

/** Input that fits the schema and still cannot be worked on; the message is for the person. */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
  }
}

/** The call that an action works for; its key stays the same over all tries. */
export interface CallContext {
  key: string;
}

export interface Action {
  /** The entry of `/capabilities`. */
  listing: {
    name: string;
    description: string;
    input_schema: Record<string, unknown>;
    output_schema: Record<string, unknown>;
    price?: string;
    risk_level: RiskLevel;
  };
  perform: (args: unknown, call: CallContext) => Promise<Answer>;
}

type RiskLevel = 'R0' | 'R1' | 'R2' | 'R3';

interface ActionSpec<I extends z.ZodObject, O extends z.ZodObject> {
  name: string;
  description: string;
  price?: string;
  /** R0, unless it says otherwise: it only computes. */
  risk_level?: RiskLevel;
  input: I;
  output: O;
  run: (input: z.output<I>, call: CallContext) => z.input<O> | Promise<z.input<O>>;
}

/** One zod schema each way: the published JSON Schema is made from it, so it cannot say something else. */
export function defineAction<I extends z.ZodObject, O extends z.ZodObject>(spec: ActionSpec<I, O>): Action {
  return {
    listing: {
      name: spec.name,
      description: spec.description,
      input_schema: z.toJSONSchema(spec.input, { io: 'input' }),
      output_schema: z.toJSONSchema(spec.output),
      ...(spec.price === undefined ? {} : { price: spec.price }),
      risk_level: spec.risk_level ?? 'R0',
    },
    perform: async (args, call) => {
      const input = spec.input.safeParse(args);
      if (!input.success) return refusal('invalid_arguments', describe(input.error));
      try {
        return { ok: true, output: spec.output.parse(await spec.run(input.data, call)) };
      } catch (error) {
        if (error instanceof Refusal) return refusal(error.code, error.message);
        throw error;
      }
    },
  };
}

/** `field: rule` for each thing that is wrong, at most five. */
export const describe = (error: z.ZodError): string =>
  error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.map(String).join('.') || 'arguments'}: ${issue.message}`)
    .join('; ');

export interface DemoAgent {
  version: string;
  message: string;
  actions: Action[];
  /** Waits so long before each answer, on purpose. */
  slowMs?: number;
  /** Answers every third call that it receives with 503, on purpose; the retry of that call succeeds. */
  failsEveryThird?: boolean;
}
