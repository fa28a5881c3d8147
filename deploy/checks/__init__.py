"""Gates in front of what is deployed. Each finds what is wrong with deploy/, and proves on broken fixtures that it would."""
