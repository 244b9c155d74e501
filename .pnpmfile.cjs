// The packages that carry a Node binary declare `os` and `cpu` as strings where package managers expect arrays, and
// would be installed on every platform, 100 MB each.
const NODE_BINARY = /^node-(bin-)?(linux|darwin|win)-(x64|arm64)$/;

function readPackage(manifest) {
  if (NODE_BINARY.test(manifest.name)) {
    if (typeof manifest.os === 'string') manifest.os = [manifest.os];
    if (typeof manifest.cpu === 'string') manifest.cpu = [manifest.cpu];
  }
  return manifest;
}

// What only this workspace needs to know stays out of published packages.
function beforePacking(manifest) {
  delete manifest.nx;
  delete manifest.devDependencies;
  return manifest;
}

module.exports = { hooks: { readPackage, beforePacking } };
