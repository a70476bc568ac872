import { Button, createTheme, Skeleton, Textarea, TextInput, Tooltip } from '@mantine/core';

/**
 * Defaults of Mantine's components. Colours, fonts and radii are CSS variables in `look.css`, not here: Mantine would
 * write them into a `<style>` element, which a strict content security policy forbids.
 */
export const theme = createTheme({
  components: {
    Button: Button.extend({ defaultProps: { size: 'xs', radius: 'md' } }),
    Skeleton: Skeleton.extend({ defaultProps: { radius: 'md' } }),
    TextInput: TextInput.extend({ defaultProps: { radius: 'md' } }),
    Textarea: Textarea.extend({ defaultProps: { radius: 'md' } }),
    Tooltip: Tooltip.extend({
      defaultProps: {
        withArrow: true,
        openDelay: 250,
        multiline: true,
        maw: 340,
        events: { hover: true, focus: true, touch: true },
      },
    }),
  },
});
