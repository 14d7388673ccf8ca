package gtm

// types are the tag types that Tag Manager has of its own, and whose each is: a product's name, or the company's where
// nothing more is known of it. The API's reference of tags lists them.
var types = map[string]string{
	"gaawc": "Google Analytics 4", "gaawe": "Google Analytics 4", "googtag": "Google Analytics 4",
	"sgtmgaaw": "Google Analytics 4",
	"ua":       "Universal Analytics", "ga": "Universal Analytics", "ua_amp": "Universal Analytics",
	"uaMob": "Universal Analytics",
	"awct":  "Google Ads", "awcr": "Google Ads", "awcc": "Google Ads", "awud": "Google Ads", "sp": "Google Ads",
	"adm":       "Google Ads",
	"sgtmadsct": "Google Ads", "sgtmadsremarket": "Google Ads",
	"flc": "Floodlight", "fls": "Floodlight", "sgtmfloodlight": "Floodlight",
	"bzi": "LinkedIn", "hjtc": "Hotjar", "baut": "Microsoft Advertising", "pntr": "Pinterest",
	"qpx": "Quora", "crto": "Criteo",
	"asp": "AdRoll", "twitter_website_tag": "X", "mf": "Mouseflow", "cegg": "Crazy Egg", "awj": "Awin", "awc": "Awin",

	"csm": "Comscore", "ljs": "Lytics", "okt": "Oktopost", "omc": "Optimise", "opt": "Google Optimize",
	"gcs": "Google Surveys", "k50Init": "K50",
	"cts": "ClickTale", "dstag": "DistroScale", "fxm": "FoxMetrics", "infinity": "Infinity", "la": "LeadLab",
	"m6d": "Dstillery", "messagemate": "MessageMate",
	"mpm": "Mediaplex", "mpr": "Mediaplex", "ndcr": "Nielsen", "nudge": "Nudge", "pijs": "Placed", "sca": "Intent Media",
	"scjs": "SaleCycle",
	"sfc":  "SaleCycle", "sfl": "SaleCycle", "sfr": "SaleCycle", "shareaholic": "Shareaholic", "svw": "Survicate",
	"tc": "Turn", "tdc": "Turn",
	"tdsc": "Tradedoubler", "tdlc": "Tradedoubler", "uslt": "Upsellit", "vdc": "VisualDNA", "vei": "Ve Interactive",
	"veip": "Ve Interactive",
	"xpsh": "Xtremepush", "yieldify": "Yieldify", "bb": "Bizrate", "bsa": "Bizrate",
}

// quiet are types of tags that send nothing by themselves, and what they do.
var quiet = map[string]string{
	"gclidw": "it keeps ids of clicks on advertisements in cookies of the site for Google's other tags: see that it " +
		"asks for ad_storage",
	"sgtmadscl": "it keeps ids of clicks on advertisements in cookies of the site: see that it asks for ad_storage",
}
