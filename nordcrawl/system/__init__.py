"""System: what we ask of the machine: durable files, streams, and how a program is called."""
