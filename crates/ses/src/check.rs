//! What a doctor asks SES: whether the account may send, how much, and whether the sender is known there.

use aws::Calls;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::operation::get_account::GetAccountOutput;
use domain::finding::Finding;
use notifier::Sender;

use crate::error::SesError;

/// More difference between the clocks is worth a word (seconds).
const CLOCK_SECONDS: i64 = 60;

/// The account, the sender, the clock.
pub(crate) async fn check(client: &Client, calls: &Calls, from: &Sender) -> Vec<Finding> {
    let account = match account(client, calls).await {
        Ok(account) => account,
        Err(error) => return vec![Finding::fail("ses reachable", error.to_string())],
    };
    let apart = calls.time.ahead() / 1_000_000;
    let clock =
        format!("the server's clock is {} s {} ours", apart.abs(), if apart < 0 { "behind" } else { "ahead of" });
    vec![
        Finding::ok("ses reachable", "the service answers"),
        about_account(&account),
        about_sender(client, calls, from).await,
        if apart.abs() <= CLOCK_SECONDS { Finding::ok("ses clock", clock) } else { Finding::warn("ses clock", clock) },
    ]
}

pub(crate) async fn account(client: &Client, calls: &Calls) -> Result<GetAccountOutput, SesError> {
    let ask = || async { client.get_account().send().await.map_err(SesError::of) };
    calls.make("GetAccount", 0, |_| ask()).await
}

fn about_account(account: &GetAccountOutput) -> Finding {
    const WHAT: &str = "ses account";
    let quota = account.send_quota().map_or(String::new(), |quota| {
        format!(": {} letters in 24 hours, {} a second", quota.max24_hour_send(), quota.max_send_rate())
    });
    match (account.sending_enabled(), account.production_access_enabled()) {
        (false, _) => Finding::fail(WHAT, "sending is paused"),
        (true, false) => Finding::warn(WHAT, format!("in the sandbox, only verified addresses get letters{quota}")),
        (true, true) => Finding::ok(WHAT, format!("it may send{quota}")),
    }
}

/// The address itself or its domain has to be verified.
async fn about_sender(client: &Client, calls: &Calls, from: &Sender) -> Finding {
    const WHAT: &str = "ses sender";
    for identity in [from.domain(), from.address()] {
        let ask = || async { client.get_email_identity().email_identity(identity).send().await.map_err(SesError::of) };
        match calls.make("GetEmailIdentity", 0, |_| ask()).await {
            Ok(found) if found.verified_for_sending_status() => return Finding::ok(WHAT, "it is verified"),
            Err(SesError::Refused { status: 404, .. }) | Ok(_) => {}
            Err(error) => return Finding::warn(WHAT, format!("whether mail.from is verified cannot be told: {error}")),
        }
    }
    Finding::fail(WHAT, "neither the address of mail.from nor its domain is verified in this region")
}
