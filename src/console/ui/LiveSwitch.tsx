import { Switch, type SwitchProps } from '@mantine/core';
import { useEffect, useState } from 'react';

interface LiveSwitchProps extends Omit<SwitchProps, 'checked' | 'onChange'> {
  isOn: boolean;
  onSwitch: (isOn: boolean) => void;
}

/** A switch that is saved by itself: it shows its new state at once, and the saved one when the answer is there. */
export function LiveSwitch({ isOn, onSwitch, ...props }: LiveSwitchProps) {
  const [checked, setChecked] = useState(isOn);
  useEffect(() => setChecked(isOn), [isOn]);
  return (
    <Switch
      {...props}
      checked={checked}
      onChange={({ currentTarget }) => {
        setChecked(currentTarget.checked);
        onSwitch(currentTarget.checked);
      }}
    />
  );
}
