// The page of a payment: looks every second or two whether anything has changed, and then loads itself anew.

const place = document.querySelector("[data-pay-state]");
const SOON = 1000;
const LATER = 3000;

async function look() {
  const answer = await fetch(place.dataset.payUrl, { headers: { Accept: "application/json" } });
  if (answer.ok && (await answer.json()).state !== place.dataset.payState) {
    location.reload();
    return;
  }
  wait();
}

let looks = 0;

function wait() {
  looks += 1;
  setTimeout(() => (document.hidden ? wait() : look().catch(wait)), looks < 15 ? SOON : LATER);
}

wait();
