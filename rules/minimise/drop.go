package minimise

// drops lets nothing through.
var drops = minimiser{
	name:    "drop",
	done:    "dropped",
	classes: every,
	noData:  true,
	words: Words{
		"": {
			"en": "not sent",
			"de": "nicht weitergegeben",
			"fr": "aucune transmission",
		},
	},
}
