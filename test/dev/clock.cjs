// Loaded before a program: its clock is set back an hour while it starts, and later forward by two.
const { performance } = require('node:perf_hooks');

const real = Date.now;
const hour = 3_600_000;
const shift = () => {
  const uptime = performance.now();
  return uptime < 1_000 ? 0 : uptime < 4_000 ? -hour : hour;
};
Date.now = () => real() + shift();
global.Date = class extends Date {
  constructor(...args) {
    super(...(args.length === 0 ? [Date.now()] : args));
  }
};
