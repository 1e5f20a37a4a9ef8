#!/usr/bin/env node
'use strict';

// The first thing that runs, on whatever Node is there, so it is written in plain ES5: an old Node
// must be able to read this file to its end before it can say that it is too old. The
// package.json beside it makes it CommonJS, the only form every version can load.

var fs = require('fs');
var path = require('path');

var NODE_MAJOR_MIN = 24;
var MAIN = path.join(__dirname, '..', 'dist', 'cli', 'main.js');
// A run makes garbage by the contact: collected in small portions it takes half the memory and no
// more time. Node takes this at its start only.
var NODE_FLAGS = ['--max-semi-space-size=16'];
var CACHE = path.join(__dirname, '..', 'node_modules', '.cache', 'campaign');

function majorOf(version) {
  return Number(String(version).replace(/^v/, '').split('.')[0]);
}

// The project brings its own Node along as a development dependency; null where it is not there.
function broughtNode() {
  try {
    var manifest = require.resolve('node/package.json');
    var file = path.join(path.dirname(manifest), require(manifest).bin.node);
    return majorOf(require(manifest).version) >= NODE_MAJOR_MIN && fs.existsSync(file)
      ? file
      : null;
  } catch (_absent) {
    return null;
  }
}

// Signals are passed on, and the child's end becomes ours. The parent must not die first: the shell
// would show its prompt while calls are still being settled. Ctrl-C on a terminal reaches the child
// by itself; passed on as well it would count as the second one, which hangs up. Whoever kills us
// without a word (kill -9) closes the channel between us, and the child stops as when it is asked.
function rerunOn(node) {
  var args = NODE_FLAGS.concat(__filename, process.argv.slice(2));
  var child = require('child_process').spawn(node, args, {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: Object.assign({}, process.env, { CAMPAIGN_STOPS_WITH_PARENT: '1' }),
  });
  var signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  signals.forEach(function (signal) {
    process.on(signal, function () {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  });
  child.on('error', function (error) {
    refuse('The Node at ' + node + ' could not be started: ' + error.message);
  });
  child.on('exit', function (code, signal) {
    if (signal === null) process.exit(code);
    signals.forEach(function (name) {
      process.removeAllListeners(name);
    });
    process.kill(process.pid, signal);
  });
}

function refuse(reason) {
  console.error('campaign: ' + reason);
  process.exit(1);
}

function load() {
  if (!fs.existsSync(MAIN)) {
    refuse(
      'the program is not built: there is no ' +
        MAIN +
        '\n  In a fresh clone run `npm ci`, which builds it; after that `npm run build` is enough.'
    );
  }
  // Compiled code is kept between starts, within the project: the shared default in the temporary
  // folder can be written by others. A cache that cannot be written is simply not used.
  require('module').enableCompileCache(CACHE);
  // `require` loads ES modules on any Node that gets this far, a little faster than `import`, and
  // is no syntax error on those that do not.
  require('../dist/cli/main.js')
    .main()
    .catch(function (error) {
      console.error(error);
      process.exit(1);
    });
}

function start() {
  if (majorOf(process.version) >= NODE_MAJOR_MIN) return load();
  var node = broughtNode();
  if (node !== null) return rerunOn(node);
  refuse(
    'this needs Node ' +
      NODE_MAJOR_MIN +
      ' or newer, and this is Node ' +
      process.version +
      ' (' +
      process.execPath +
      ').\n  Install a newer one from https://nodejs.org, or run `npm ci` in the folder of the' +
      ' project:\n  it brings its own Node along.'
  );
}

start();
