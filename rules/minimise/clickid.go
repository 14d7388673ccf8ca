package minimise

// never are parameters that name one click, one subscriber, one visitor or a secret, lower case: the url minimiser never passes them,
// whatever its list says. Sources: ClearURLs, AdGuard, Brave and Firefox stripping lists (reference/url-params.md, sections 1 to 3, 5).
var never = func() map[string]struct{} {
	set := make(map[string]struct{})
	for _, list := range [][]string{clickIDs, subscriberIDs, visitorIDs, secretNames} {
		for _, name := range list {
			set[name] = struct{}{}
		}
	}
	return set
}()

var clickIDs = []string{
	"gclid", "gbraid", "wbraid", "dclid", "srsltid", "_gl", "_ga", "usqp", "fbclid", "fb_action_ids", "fb_comment_id", "fb_ref", "msclkid", "ttclid", "twclid",
	"li_fat_id", "igshid", "igsh", "epik", "rdt_cid", "sccid", "qclid", "yclid", "ysclid", "ymclid", "syclid", "irclickid", "irclid", "irgwc", "awc", "sscid", "tduid",
	"admitad_uid", "cjevent", "ransiteid", "ko_click_id", "rtkcid", "clickid", "click_id", "external_click_id", "unicorn_click_id", "uclick", "uclickhash", "rb_clickid",
	"oly_anon_id", "oly_enc_id", "wickedid", "obclid", "dicbo", "tblci", "vmcid", "cto_pld", "ttd_uuid", "_branch_match_id", "gps_adid", "idfa", "gaid", "aaid",
	"advertising_id", "gci", "ebisadid", "maf", "vc_lpp", "aiad_clid", "famad_xuid", "mindbox-click-id", "ymid", "asgtbndr", "_zucks_suid", "cx_click", "mtm_clid",
	"mtm_cid", "pk_cid",
}

var subscriberIDs = []string{
	"mc_eid", "mkt_tok", "_hsenc", "__hssc", "__hstc", "__hsfp", "hsctatracking", "_kx", "vero_id", "vero_conv", "ml_subscriber", "ml_subscriber_hash", "__s", "bsft_clkid",
	"bsft_uid", "bsft_eid", "bsft_mid", "bsft_aaid", "bsft_ek", "oft_id", "oft_c", "oft_ck", "oft_d", "oft_ids", "oft_k", "oft_lk", "oft_sk", "et_rid", "sfmc_id",
	"at_recipient_id", "at_recipient_list", "sc_customer", "sc_eh", "sc_uid", "ss_email_id", "sms_click", "sms_uph", "bbeml", "_bhlid", "vgo_ee", "mindbox-message-key",
	"_clde", "_cldee", "user_email_address", "utm_emcid", "utm_emmid", "utm_userid", "utm_session", "utm_referrer", "os_ehash", "elqtrackid", "elq", "trk_contact", "dm_i",
	"spuserid", "mkcid", "nr_email_referer", "ck_subscriber_id", "ref_email", "contact_id", "lead_id", "recipient", "subscriber",
}

var visitorIDs = []string{
	"pk_vid", "_sp", "adobe_mc", "ajs_uid", "ajs_aid", "_io_session_id", "__io_lv", "cuid", "bpmtrackid", "amp_device_id", "ampdeviceid", "ph_distinct_id", "visitor_id",
	"hsutk", "guce_referrer", "guce_referrer_sig",
}

var secretNames = []string{
	"token", "access_token", "accesstoken", "id_token", "idtoken", "refresh_token", "refreshtoken", "auth_token", "authtoken", "jwt", "samlresponse", "samlrequest", "api_key",
	"apikey", "api-key", "secret", "client_secret", "password", "passwd", "pwd", "pass", "otp", "signature", "x-amz-signature", "x-amz-credential", "x-amz-security-token",
	"sessionid", "session_id", "phpsessid", "jsessionid", "reset_token", "confirmation_token", "csrf", "xsrf", "email", "e-mail", "email_address", "phone", "ssn", "iban",
}

// neverPrefixes are starts of such names.
var neverPrefixes = []string{"ajs_trait_", "ajs_prop_", "__hs", "bsft_", "oft_"}

// neverInQuery tells whether the lower-case name is one that never passes.
func neverInQuery(name []byte) bool {
	if _, ok := never[string(name)]; ok {
		return true
	}
	for _, p := range neverPrefixes {
		if len(name) >= len(p) && string(name[:len(p)]) == p {
			return true
		}
	}
	return false
}
