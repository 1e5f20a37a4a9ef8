// Runs a script in this process and tells, at its end, the most memory that it held, in kilobytes.
process.on('exit', () => {
  process.stderr.write(`memory ${process.resourceUsage().maxRSS}\n`);
});
process.argv.splice(1, 1);
require(process.argv[1]);
