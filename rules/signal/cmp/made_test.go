package cmp_test

// pieces are what a platform's cookie is made of: every piece alone, and every two of them, in one order or the other,
// stand in one cookie; the empty cookie does, too.
type pieces struct {
	cmp, name        string
	open, sep, close string
	all              []string
	whole            []string // other cookies' values, whole
	beside           []jar    // other cookies; the first stand beside all of that, the others beside single pieces
	coded            func(string) string
}

const (
	onDay   = "2026-11-10T17:48:20.000Z"
	earlier = "2025-01-07T06:55:47.038Z"
)

var made = []pieces{
	{
		cmp: "onetrust", name: "OptanonConsent", sep: "&", beside: []jar{
			{"OptanonAlertBoxClosed", onDay}, nil, {"OptanonAlertBoxClosed", ""}, {"OptanonAlertBoxClosed", onDay,
				"OptanonAlertBoxClosed", earlier},
			{"OptanonConsent", "groups=C0001:0,C0003:1"}, {"OptanonConsent", "groups=C0001:0,C0003:1",
				"OptanonAlertBoxClosed", onDay},
		},
		all: []string{
			"groups=C0001:1", "groups=C0001%3A0%2CC0002%3A1", "groups=", "groups=C0001:2", "groups=:1", "groups=a:b:1",
			"genVendors=V2:1%2C", "genVendors=V1:0,V2:2,",
			"isGpcEnabled=1", "isGpcEnabled=0", "browserGpcFlag=false", "browserGpcFlag=", "AwaitingReconsent=false",
			"AwaitingReconsent=true",
			"implicitConsentCountry=nonGDPR", "implicitConsentCountry=GDPR", "x",
		},
	},
	{
		cmp: "cookiebot", name: "CookieConsent", open: "{", sep: ",", close: "}", whole: []string{`{v:1,necessary:true}`,
			`{necessary:true,v:}`, `{necessary:true,}`, `{,necessary:true}`, `{necessary:true`, `necessary:true}`,
			`{necessary:,statistics:true}`, `0`, `-1`, `1`, `{:1}`, `{a:'}`, `{necessary:true,a:''}`,
			`{region:'de',necessary:true}`, `{necessary:true,method:'explicit',region:'de'}`},
		beside: []jar{nil, {"CookieConsent", "-1"}, {"CookieConsent", "{necessary:true,utc:1700000000001}"}},
		all: []string{
			"necessary:true", "necessary:false", "preferences:true", "statistics:false", "marketing:true", "marketing:'true'",
			"marketing:1", "stamp:'a,b:c'",
			"method:'explicit'", "method:'implied'", "method:explicit", "utc:1700000000000", "utc:'1700000000000'", "utc:0",
			"region:'de'", "region:us", "ver:1",
			"iab2:'CPxx'", "iab2:'CPyy'", "gacm:'1~2'", "iab2:''", "stamp:''", "stamp:'", ":true",
			"a b:true", "ver:", "ver:'1'x",
		},
	},
	{
		cmp: "didomi", name: "didomi_token", open: "{", sep: ",", close: "}", coded: b64, whole: []string{`[`, `1`, `[]`,
			`{}`, `"x"`, `{"updated":null,"purposes":{"enabled":["a"]}}`,
			`{"updated":"2026-11-10T17:48:20.000Z","purposes":{"enabled":["a"]}}`,
			`{"updated":"2026-11-10T17:48:20.000Z","purposes":{"enabled":["a"]},"updated":null}`},
		beside: []jar{nil, {"didomi_dcs", "CAAA"}},
		all: []string{
			`"updated":"` + onDay + `"`, `"updated":null`, `"updated":"soon"`, `"created":"` + earlier + `"`,
			`"purposes":{"enabled":["a"],"disabled":["b"]}`,
			`"purposes":{"enabled":null,"disabled":[1]}`, `"purposes":null`, `"purposes":1`, `"purposes":{}`,
			`"vendors":{"enabled":["v"],"other":1}`,
			`"purposes_li":{"enabled":["a"],"disabled":["c"]}`, `"vendors_li":{"disabled":["v"]}`,
			`"vendors_li":{"enabled":[""]}`,
		},
	},
	{
		cmp: "klaro", name: "klaro", open: "{", sep: ",", close: "}", whole: []string{`[]`, `1`, `{"a":true,"":true}`},
		beside: []jar{nil, {"klaro", `{"a":false}`}, {"klaro", "["}, {"klaro", `{"b":false}`, "klaro", `{"b":false}`,
			"klaro", `{"a":false}`}},
		all: []string{`"a":true`, `"a":false`, `"b":true`, `"b":1`, `"":true`, `"b":null`},
	},
	{
		cmp: "complianz", name: "cmplz_statistics", beside: []jar{
			{"cmplz_banner-status", "dismissed"}, nil, {"cmplz_banner-status", "show"}, {"cmplz_banner-status", ""},
			{"cmplz_banner-status", "dismissed", "cmplz_functional", "allow", "cmplz_preferences", "deny", "cmplz_marketing",
				"allow", "cmplz_policy_id", "7"},
			{"cmplz_banner-status", "dismissed", "cmplz_consented_services", `{"a":true,"b":false}`},
			{"cmplz_consented_services", ""},
			{"cmplz_banner-status", "dismissed", "cmplz_consented_services", `[`}, {"cmplz_", "allow"}, {"cmplz_x", "allow"},
			{"cmplz", "allow"},
		},
		all: []string{"allow", "deny", "%61llow", "x"},
	},
	{
		cmp: "cookieyes", name: "cookieyes-consent", sep: ",",
		whole: []string{`action:yes,necessary:yes,consent:no,analytics:yes`,
			`consent:no,action:yes,necessary:yes,analytics:yes`, `action:no,analytics:yes,action:yes`},
		beside: []jar{nil, {"viewed_cookie_policy", "yes"}, {"cookieyes-consent", "action:yes,other:yes,analytics:no"}},
		all: []string{
			"consentid:x", "consent:yes", "consent:no", "consent:", "consent:maybe", "action:yes", "action:no", "action:",
			"action:maybe", "necessary:yes", "analytics:yes",
			"analytics:no", "functional:yes", "performance:no", "advertisement:yes", "other:", "other:maybe",
			"performance:maybe", "own:yes", "own:no", "own:maybe", "lastRenewedDate:1700000000000",
			"lastRenewedDate:", "lastRenewedDate:0", "lastRenewedDate:soon", ":yes", "x",
		},
	},
	{
		cmp: "cookieyes", name: "cookielawinfo-checkbox-analytics", beside: []jar{
			{"viewed_cookie_policy", "yes"}, nil, {"viewed_cookie_policy", "no"}, {"viewed_cookie_policy", ""},
			{"viewed_cookie_policy", "x"},
			{"viewed_cookie_policy", "no", "cookielawinfo-checkbox-necessary", "yes", "cookielawinfo-checbox-others", "yes"},
			{"viewed_cookie_policy", "yes", "cookielawinfo-checbox-others", "no"}, {"cookielawinfo-checkbox-", "yes"},
			{"cookielawinfo-checbox-", "yes"},
			{"viewed_cookie_policy", "yes", "cookielawinfo-checkbox-a-box-b", "yes"},
			{"viewed_cookie_policy", "yes", "CookieLawInfoConsent", b64(`{"necessary":true,"analytics":true,"ver":true}`)},
			{"viewed_cookie_policy", "yes", "CookieLawInfoConsent", b64(`{"analytics":false}`)},
			{"viewed_cookie_policy", "yes", "CookieLawInfoConsent", "x"},
		},
		all: []string{"yes", "no", "maybe"},
	},
	{
		cmp: "axeptio", name: "axeptio_cookies", open: "{", sep: ",", close: "}",
		whole: []string{`{"$$completed":false,"a":true,"$$completed":true}`,
			`{"$$completed":true,"a":true,"$$completed":false}`, `[]`, `1`}, beside: []jar{
			nil, {"axeptio_authorized_vendors", ",a,"}, {"axeptio_authorized_vendors", ",a,", "axeptio_all_vendors", ",a,b,c,"},
			{"axeptio_all_vendors", ",a,b,c,"},
			{"axeptio_authorized_vendors", ",,"}, {"axeptio_authorized_vendors", ","}, {"axeptio_authorized_vendors", ""},
			{"axeptio_authorized_vendors", ",a"},
			{"axeptio_authorized_vendors", "a,"}, {"axeptio_authorized_vendors", ",a,,b,", "axeptio_all_vendors", "%2Ca%2Cb%2C"},
			{"axeptio_cookies", `{"$$completed":true,"b":true}`}, {"axeptio_cookies", `{"$$completed":true,"a":true}`},
			{"axeptio_authorized_vendors", ",a,", "axeptio_authorized_vendors", ",b,"},
		},
		all: []string{
			`"$$completed":true`, `"$$completed":false`, `"$$completed":1`, `"$$date":"` + onDay + `"`, `"$$date":7`, `"$$x":1`,
			`"a":true`, `"a":false`, `"b":true`, `"b":1`,
		},
	},
	{
		cmp: "axeptio", name: "axeptio_authorized_vendors", beside: []jar{nil, {"axeptio_all_vendors", ",a,b,"}},
		all: []string{",a,", ",b,", ",", "a"},
	},
	{
		cmp: "iubenda", name: "_iub_cs-12", open: "{", sep: ",", close: "}",
		whole: []string{`{"timestamp":"2026-11-10T17:48:20.000Z","consent":true}`,
			`{"timestamp":"2026-11-10T17:48:20.000Z","consent":false,"consent":true}`,
			`{"timestamp":"2026-11-10T17:48:20.000Z","consent":true,"consent":false}`,
			`{"timestamp":"2026-11-10T17:48:20.000Z","purposes":{"1":true},"consent":false}`,
			`{"timestamp":"2026-11-10T17:48:20.000Z","purposes":{"1":true},"purposes":{"2":true}}`,
			`{"timestamp":"2026-11-10T17:48:20.000Z","purposes":{"1":true},"consent":true}`, `[]`},
		beside: []jar{nil, {"_iub_cs-13", `{"timestamp":"` + earlier + `","purposes":{"1":true,"2":true}}`},
			{"_iub_cs-13", `{"timestamp":"2026-11-10T17:48:20.000Z","consent":true}`}, {"_iub_cs-", "{"}, {"_iub_cs-1a", "{"},
			{"_iub_cs--uspr", "{"}, {"_iub_cs-1-uspr", `{"s":false}`}},
		all: []string{
			`"timestamp":"` + onDay + `"`, `"timestamp":null`, `"timestamp":1700000000000`, `"timestamp":"soon"`,
			`"purposes":{"1":true,"4":false}`, `"purposes":{"5":true}`, `"purposes":[]`,
			`"purposes":{}`, `"consent":true`, `"consent":false`, `"consent":1`, `"id":12`,
		},
	},
	{
		cmp: "iubenda", name: "_iub_cs-12-uspr", open: "{", sep: ",", close: "}", whole: []string{`{"s":false,"s":true}`,
			`{"s":true,"s":false}`, `[]`}, beside: []jar{nil, {"_iub_cs-13-uspr", `{"s":false,"sh":true}`}},
		all: []string{`"s":true`, `"s":false`, `"s":1`, `"sh":true`, `"sh":false`, `"adv":true`, `"adv":false`, `"x":true`},
	},
	{
		cmp: "trustarc", name: "notice_gdpr_prefs", sep: ",", close: ":", whole: []string{`0,1:`, `0,:`, `,0:`, `0,,1:`,
			`00:`, `0,1`, `8:`, `0,1,2:x:implied,eu`, `0,1,2:x:expressed`, `0,1,2:x:`}, beside: []jar{
			nil, {"notice_preferences", "0:"}, {"notice_preferences", "1:"}, {"notice_preferences", "2:x:implied,eu"},
			{"cmapi_cookie_privacy", "permit 1,2"},
			{"cmapi_cookie_privacy", "permit_1|3 required"}, {"cmapi_cookie_privacy", "permit"},
			{"cmapi_cookie_privacy", "permit "}, {"cmapi_cookie_privacy", "permit-1"},
			{"cmapi_cookie_privacy", "permit 0,1"}, {"notice_behavior", "expressed,eu"}, {"notice_behavior", "implied|us"},
			{"notice_behavior", "implied"}, {"gpcishonored", "true"},
			{"gpcishonored", "false"}, {"gpcishonored", "false", "gpcishonored", "true"}, {"notice_gdpr_prefs", "0:"},
		},
		all: []string{"0", "1", "2", "8", "9", "x"},
	},
	{
		cmp: "trustarc", name: "notice_preferences", sep: "|", beside: []jar{
			nil, {"notice_behavior", "implied,us"}, {"notice_behavior", "expressed,eu"},
			{"cmapi_cookie_privacy", "permit 1,2,3,9"},
		},
		all: []string{"0:", "1:", "2:", "0", "1::implied,eu", "2:hash:expressed", "3:hash", "2"},
	},
	{
		cmp: "trustarc", name: "cmapi_cookie_privacy", sep: ",", open: "permit ",
		beside: []jar{nil, {"notice_behavior", "expressed,eu"}, {"notice_preferences", "2:"}},
		all:    []string{"1", "2", "3", "9"},
	},
	{
		cmp: "hubspot", name: "__hs_cookie_cat_pref", sep: ",", whole: []string{`1:true,`, `1:true__2:true`, `,1:true`,
			`1:true,2:false_3:true`}, beside: []jar{
			nil, {"__hs_opt_out", "no"}, {"__hs_opt_out", "yes"}, {"__hs_opt_out", ""}, {"__hs_do_not_track", "yes"},
			{"__hs_do_not_track", "no"}, {"__hs_do_not_track", ""}, {"__hs_initial_opt_in", "true"},
		},
		all: []string{"1:true", "1:false", "2:true_3:false", "2:TRUE", "12:true", "x:true", "3", "2:true_", ":true"},
	},
	{
		cmp: "hubspot", name: "__hs_opt_out", beside: []jar{nil, {"__hs_do_not_track", "yes"},
			{"__hs_initial_opt_in", "true"}, {"__hs_do_not_track", ""}}, all: []string{"yes", "no"},
	},
	{cmp: "hubspot", name: "__hs_do_not_track", beside: []jar{nil}, all: []string{"yes", "no", "0"}},
	{
		cmp: "civic", name: "CookieControl", open: "{", sep: ",", close: "}",
		whole: []string{`{"interactedWith":false,"optionalCookies":{"a":"accepted"},"interactedWith":true}`,
			`{"interactedWith":true,"optionalCookies":{"a":"accepted"},"interactedWith":false}`, `[]`,
			`{"optionalCookies":{"":"accepted"}}`},
		beside: []jar{nil, {"CookieControl",
			`{"optionalCookies":{"a":"revoked"},"interactedWith":true,"consentDate":1600000000000}`}},
		all: []string{
			`"optionalCookies":{"a":"accepted","b":"revoked"}`, `"optionalCookies":{"a":"legitimate interest"}`,
			`"optionalCookies":{"a":"x"}`, `"optionalCookies":{"a":true}`,
			`"optionalCookies":[]`, `"interactedWith":true`, `"interactedWith":false`, `"interactedWith":1`,
			`"consentDate":1700000000000`, `"consentDate":"x"`, `"consentDate":true`, `"consentExpiry":90`,
		},
	},
	{
		cmp: "cookieconsent", name: "cc_cookie", open: "{", sep: ",", close: "}",
		whole: []string{`{"revision":3,"categories":["a"],"revision":0}`, `{"categories":["a"],"revision":0,"revision":3}`,
			`{"categories":["a","a"],"level":["b"]}`, `{"level":["b"],"categories":["a","a"]}`,
			`{"level":["a","b"],"categories":["a","a"]}`, `{"categories":["a"],"services":{"a":["s","t"],"b":["t"]}}`, `[]`,
			`{\"categories\":[\"a\"]}`, `"{\"categories\":[\"a\"\054\"b\"]}"`, `"{\"categories\":[]}"`,
			`eyJjYXRlZ29yaWVzIjpbImEiXX0=`, `eyJjYXRlZ29yaWVzIjpbImEiXQ==`},
		beside: []jar{nil, {"cc_cookie", `{"categories":["b"]}`}, {"cc_cookie", `{"categories":["a"],"revision":3}`}},
		all: []string{
			`"categories":["a"]`, `"categories":["b"]`, `"level":["a","b"]`, `"categories":[1]`, `"categories":{}`,
			`"categories":[]`, `"revision":0`, `"revision":3`, `"revision":"0"`,
			`"services":{"a":["s"],"b":["t"]}`, `"services":null`, `"services":1`, `"services":{"a":1}`, `"consentTimestamp":"` +
				onDay + `"`, `"consent_date":"` + earlier + `"`, `"consent_date":0`,
			`"lastConsentTimestamp":"` + onDay + `"`, `"lastConsentTimestamp":1`, `"expirationTime":1811205555810`,
			`"expirationTime":"x"`,
		},
	},
	{
		cmp: "google_fc", name: "FCCDCF", open: "[", sep: ",", close: "]", whole: []string{`{}`, `1`, `[`,
			`[1,2,3,["CPxx","1~2"],["CPyy"]]`, `[1,2,3,["","1~2"]]`, `[1,2,3,["CPxx","1~2",{}]]`, `[1,2,3,["CPxx",{}]]`},
		beside: []jar{nil, {"euconsent-v2", "CPzz"}, {"FCCDCF", `[0,0,0,["CPxx","1~9"]]`},
			{"addtl_consent", "1~1", "euconsent-v2", "CPxx"}},
		all: []string{`null,null,null,["CPxx","1~2",3]`, `1,2,3,["CPxx"]`, `1,2,3,[null,"1~2"]`, `1,2,3,[4]`, `1,2,3,{}`,
			`1,2,3,null`, `["CPyy"]`, `1,2,["CPyy"]`},
	},
	{
		cmp: "tealium", name: "CONSENTMGR", sep: "|", whole: []string{`consent:true|c1:1|consent:false`,
			`consent:false|c1:1|consent:true`, `c1:1|c2:0|consent:true`, `consent:true|ts:1700000000000|ts:1600000000000`,
			`consent:true|:1`}, beside: []jar{nil, {"CONSENTMGR", "consent:false"},
			{"CONSENTMGR", "consent:true|c1:1|ts:1600000000000"}},
		all: []string{"consent:true", "consent:false", "consent:maybe", "c1:1", "c1:0", "c15:1", "c16:1", "c0:1", "c9:2",
			"ts:1700000000000", "ts:soon", "dns:x", "c1"},
	},
	{
		cmp: "commanders_act", name: "TC_PRIVACY", sep: "@", whole: []string{`0@1|2|3@1,2@2`, `0@1|2|3@1,,2@2`, `0@1|2|3@,@`,
			`1@1|2|3@ALL@3`, `0@1|2|3@ALL@3`, `0@1|2|3@1@2@1700000000000,1600000000000,5`, `0@1@@`, `0@1@12345@`, `0@1@123456@`,
			`0@1@1@2@x`, `0@1@1@2@,5`}, beside: []jar{nil, {"TC_PRIVACY", "1@1|1|1@2@@1600000000000"}},
		all: []string{"0@1|2|3@1,2@3", "1@1|2|3@1,2@3", "0@1@ALL@", "1@1@ALL@", "2@1@1@", "0@1@1", "1700000000000,1,2", "0",
			"12345", "123456", "x"},
	},
	{
		cmp: "cookie_information", name: "CookieInformationConsent", open: "{", sep: ",", close: "}",
		whole: []string{`[]`, `{"consents_approved":["a"],"consents_approved":["b"],"consents_denied":["c"]}`,
			`{"consents_denied":["a"]}`}, beside: []jar{nil, {"CookieInformationConsent", `{"consents_approved":["b"]}`}},
		all: []string{
			`"consents_approved":["a","b"]`, `"consents_approved":["c"]`, `"consents_denied":["a"]`, `"consents_approved":1`,
			`"consents_denied":[1]`, `"timestamp":"` + onDay + `"`, `"timestamp":7`, `"timestamp":-7`,
		},
	},
	{
		cmp: "shopify", name: "_tracking_consent", open: "{", sep: ",", close: "}",
		whole: []string{`{"con":{"CMP":{"a":"1"},"CMP":{"a":"0"}}}`, `{"con":{"x":1,"CMP":{"a":"1","m":""}}}`, `3.`, `3`,
			`[]`, `3.x`, `{"v":2.1,"con":{"CMP":{"a":"1"}}}`}, beside: []jar{nil, {"_tracking_consent", "3.AMPS"},
			{"_tracking_consent", "3."}},
		all: []string{
			`"con":{"CMP":{"a":"1","m":"0","p":"","s":"1"}}`, `"con":{"CMP":{"a":"0"}}`, `"con":{"CMP":{"a":true}}`,
			`"con":{"CMP":{"a":"2"}}`, `"con":{"CMP":1}`, `"con":{"x":1}`, `"con":1`, `"con":{"CMP":{}}`,
			`"v":"2.1"`, `"v":"3.0"`, `"region":"DEBE"`, `"purposes":{"a":true}`,
		},
	},
	{
		cmp: "ketch", name: "_ketch_consent_v1_", open: "{", sep: ",", close: "}", coded: b64,
		whole:  []string{`[]`, `1`, `{"a":{"status":"granted","other":"denied"}}`, `{"a":1,"b":{"status":"denied"}}`},
		beside: []jar{nil, {"_ketch_consent_v1_", "x"}},
		all: []string{
			`"a":{"status":"granted"}`, `"a":{"status":"denied"}`, `"b":{"status":"granted","status":"denied"}`,
			`"b":{"status":"denied","status":"granted"}`, `"b":{"status":1}`, `"b":{}`, `"b":true`, `"":{}`,
		},
	},
	{
		cmp: "matomo", name: "mtm_consent", whole: []string{`0`, `999999999999999`, `1000000000000000`, `17x`}, beside: []jar{
			nil, {"mtm_cookie_consent", "1600000000000"}, {"mtm_cookie_consent", "x"}, {"mtm_consent_removed", "1650000000000"},
			{"mtm_consent_removed", "never"}, {"matomo_ignore", "1660000000000"},
			{"mtm_consent_removed", "1650000000000", "matomo_ignore", "1640000000000", "mtm_cookie_consent", "1600000000000"},
		},
		all: []string{"1700000000000", "x"},
	},
	{cmp: "matomo", name: "mtm_cookie_consent", beside: []jar{nil}, all: []string{"1700000000000", "x"}},
	{
		cmp: "sourcepoint", name: "consentDate", whole: []string{`2026-11-10T7:48:20.000Z`, `2026-11-10 17:48:20Z`},
		beside: []jar{nil, {"consentUUID", onDay}, {"euconsent-v2", "CPxx", "addtl_consent", "1~2", "usprivacy", "1YNN",
			"__gpp", "DBAA", "__gpp_sid", "-1"}},
		all: []string{onDay, "x"},
	},
	{cmp: "osano", name: "osano_consentmanager", beside: []jar{nil, {"osano_consentmanager_uuid", "y"}},
		all: []string{"x"}},
	{cmp: "termly", name: "TERMLY_API_CACHE", beside: []jar{nil}, all: []string{"{}"}},
	{cmp: "usercentrics", name: "uc_settings", beside: []jar{nil, {"ucData", "x"}}, all: []string{"{}"}},
	{
		cmp: "tarteaucitron", name: "tarteaucitron", open: "!", sep: "!", whole: []string{`a=true`, `!a=true!`, `!!a=true`,
			`!a`, `!=true`, `!a=b=true`}, beside: []jar{
			nil, {"tarteaucitron", "!a=wait"}, {"tarteaucitron", "!a=false!b=true"}, {"tarteaucitron", "!"},
		},
		all: []string{"a=true", "a=false", "a=wait", "b=true", "b=wait", "matomo=true", "matomo=false", "matomo=wait",
			"b=TRUE", "b=", "b"},
	},
	{
		cmp: "mirror", name: "tagwarden-choices", open: `{"v":1,`, sep: ",", close: "}",
		whole: []string{`[]`, `{"categories":{"a":true}}`, `{"v":2,"categories":{"a":true}}`, `{"v":1}`,
			`{"v":1,"v":2,"categories":{"a":true}}`, `{"v":"1","categories":{}}`}, beside: []jar{
			nil, {"tagwarden-choices", `{"v":1,"categories":{"a":false}}`}, {"tagwarden-choices", `{"v":1,"categories":{}}`},
			{"tagwarden-choices", ""},
		},
		all: []string{
			`"categories":{"a":true,"b":false}`, `"categories":{}`, `"categories":{"a":1}`, `"categories":[]`,
			`"categories":{"a":true,"a":false}`, `"services":{"s":true,"t":false}`, `"services":null`,
			`"at":1700000000000`, `"at":"soon"`, `"cmp":"osano"`, `"cmp":1`, `"x":1`,
		},
	},
	{
		cmp: "cookie_though", name: "cookie-preferences", sep: "|", whole: []string{`essential:1|`, `|essential:1`,
			`essential:1||a:1`, `:1`, `a:b:1`, `{"cookieOptions":[]}`}, beside: []jar{
			nil, {"cookie-preferences", "a:0|b:1"}, {"cookie-preferences", "x"},
		},
		all: []string{"essential:1", "a:1", "a:0", "b:0", "b:2", "b:", "b:true", "b"},
	},
	{
		cmp: "klaro", name: "usprivacy", open: "{", sep: ",", close: "}", beside: []jar{{"klaro", "{}"},
			{"usprivacy", "1YNN"}, {"usprivacy", "1---", "__gpp", "%44BAA"}},
		all: []string{`"uspString":"1YNN"`, `"uspString":"1---"`, `"uspString":1`, `"x":"1YNN"`, `"uspString":""`},
	},
}
