package main

import "github.com/tagwarden/tagwarden/config"

// warnOfInvented warns where a document for visitors or authorities names a controller that `init` made up. It is
// written all the same: people look at one before they put in their names.
func (t *terminal) warnOfInvented(c *config.Controller) {
	if c.Invented() {
		printf(t.err, "warning: the controller is the one that init writes, or part of it (%s, %s): put yourself under "+
			"controller: before anybody reads this\n", c.Name, c.Contact)
	}
}
