// Our package in the file system of Python in the browser.
// `bytes` are a line of JSON, [[path, length], ...], and then the files one after another.
export function unpack({FS, runPython}, bytes) {
  const end = bytes.indexOf(10), root = "/lib/python3.14/site-packages";
  let at = end + 1;
  for (const [path, length] of JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)))) {
    FS.mkdirTree(`${root}/${path}`.replace(/\/[^/]*$/, ""));
    FS.writeFile(`${root}/${path}`, bytes.subarray(at, at += length));
  }
}
