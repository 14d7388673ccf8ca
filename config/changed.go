package config

import (
	"os"
	"time"
)

// Changed is the latest modification time of the server file and of the policy's YAML files, as the machine has them
// now. It is what the file system says: copying files, or checking them out, makes them younger. The zero time where
// no file can be looked at.
func (s *Source) Changed() time.Time {
	var latest time.Time
	look := func(name string) {
		if info, err := os.Stat(name); err == nil && info.ModTime().After(latest) {
			latest = info.ModTime()
		}
	}
	look(s.Path)
	for name, text := range s.policy {
		if text != nil {
			look(s.display(name))
		}
	}
	return latest
}
