import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

export default defineConfig({
  base: '/',
  plugins: [react()],
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: 'es2022',
    rollupOptions: {
      input: { index: here('index.html'), 'local-times': here('local-times.ts') },
      output: {
        // Pages that the server writes name it, so it has no hash.
        entryFileNames: ({ name }) => (name === 'local-times' ? '[name].js' : 'assets/[name]-[hash].js'),
      },
    },
  },
});
