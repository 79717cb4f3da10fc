import { relative } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { z } from 'zod';

const MAX_BYTES = 2 * 1024 * 1024;
const SDK = ['@temporalio/common', '@temporalio/workflow', 'long', 'ms', 'nexus-rpc'];

/** What was packed, as the source map at the bundle's end lists it: paths in the checkout, and webpack's own. */
function sourcesOf(code: string): string[] {
  const map = Buffer.from(code.slice(code.lastIndexOf('base64,') + 'base64,'.length), 'base64').toString();
  const { sources } = z.object({ sources: z.array(z.string()) }).parse(JSON.parse(map));
  return sources.map((source) => (source.startsWith('/') ? relative(process.cwd(), source) : source));
}

test('the workflow bundle holds our workflows, the domain and the SDK: no zod, no pg, no Node built-in', async () => {
  const { code } = await bundleWorkflowCode({
    workflowsPath: require.resolve('../../workflows'),
    workflowInterceptorModules: [require.resolve('../../workflows/interceptors')],
    logger: new DefaultLogger('ERROR'),
  });
  const sources = sourcesOf(code);
  const packages = sources.flatMap(
    (path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.slice(1) ?? [],
  );
  // A Node built-in would stand here as `ignored|…|fs`; so do the SDK's two converters, which we do not set.
  const others = sources.filter(
    (path) => !/^(node_modules|workflows|domain|webpack)\/|^ignored\|.*\|__temporal_custom_/.test(path),
  );

  expect(sources).toContain('workflows/chat-session.ts');
  expect([...new Set(packages)].sort()).toEqual(SDK);
  expect(others).toEqual([]);
  expect(Buffer.byteLength(code)).toBeLessThan(MAX_BYTES);
}, 120_000);
