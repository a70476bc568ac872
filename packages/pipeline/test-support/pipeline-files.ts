/** The pipeline of these tests: a build, an advisory lint beside it, a test and a pack behind it; an image for those who want one. */
export const stages = {
  build: '{name: build, kind: build, commands: [make], outputs: {dist: dist}}',
  lint: '{name: lint, kind: run, requirement: advisory, commands: [lint]}',
  test: '{name: test, kind: test, needs: [build], commands: [check], reports: {junit: junit.xml}}',
  pack: '{name: pack, kind: run, needs: [test], commands: [pack]}',
  image: '{name: image, kind: image, needs: [test], dockerfile: Dockerfile, image: guestbook/web}',
} as const;

/** A `slipway.yaml` with these stages, in this order. */
export function pipelineFile(...lines: readonly string[]): string {
  const list = lines.map((line) => `    - ${line}\n`).join('');
  return `apiVersion: slipway.dev/v1alpha1\nkind: Pipeline\nmetadata: {name: web}\nspec:\n  stages:\n${list}`;
}

export const wholeFile = pipelineFile(stages.build, stages.lint, stages.test, stages.pack);

/** Files of the repository before anything happens. */
export const firstFiles: Readonly<Record<string, string>> = {
  'slipway.yaml': wholeFile,
  'src/main.js': 'export const answer = 41;\n',
};

export const passedReport = '<testsuite name="a"><testcase name="works"/></testsuite>';
export const failedReport = '<testsuite name="a"><testcase name="works"><failure message="no"/></testcase></testsuite>';
