package recompute

// FewCombined has fewer ways remembered in which events travelled.
func FewCombined(n int) func(*Options) { return func(o *Options) { o.combined = n } }
