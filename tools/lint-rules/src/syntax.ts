import type { CallExpression, ImportDeclaration, MemberExpression, Node, ObjectExpression, Property } from 'estree';

/** The name that a member expression reads (`a.b`, `a['b']`, `a.#b`); undefined when it is computed. */
export function nameOfMember(node: MemberExpression): string | undefined {
  if (node.property.type === 'PrivateIdentifier') return node.property.name;
  if (!node.computed) return node.property.type === 'Identifier' ? node.property.name : undefined;
  return literalString(node.property);
}

/** The text of a string that is written out: a literal, or a template without a hole. */
export function literalString(node: Node | undefined): string | undefined {
  if (node?.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  if (node?.type !== 'TemplateLiteral' || node.expressions.length > 0) return undefined;
  return node.quasis[0]?.value.cooked ?? undefined;
}

/** The last name of what is called: `spawn` in `spawn()` and in `childProcess.spawn()`. */
export function nameOfCallee(node: CallExpression): string | undefined {
  if (node.callee.type === 'Identifier') return node.callee.name;
  return node.callee.type === 'MemberExpression' ? nameOfMember(node.callee) : undefined;
}

/** The property of an object written in place. Spread objects are not followed. */
export function propertyNamed(node: ObjectExpression, name: string): Property | undefined {
  return node.properties.find(
    (property): property is Property =>
      property.type === 'Property' &&
      (property.key.type === 'Identifier' && !property.computed
        ? property.key.name === name
        : literalString(property.key) === name),
  );
}

/** What an import takes from its module, by the names that the module gives. */
export function importedNames(node: ImportDeclaration): readonly string[] {
  return node.specifiers.flatMap((specifier) =>
    specifier.type === 'ImportSpecifier' && specifier.imported.type === 'Identifier' ? [specifier.imported.name] : [],
  );
}
