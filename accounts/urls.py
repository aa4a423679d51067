"""Addresses of what customers call about themselves, under /api/v1/."""

from django.urls import path

from accounts.cards import api as cards
from accounts.complaints import api as complaints
from accounts.consents import api as consents
from accounts.identity.api import identity, wechat_accounts
from accounts.login.api import logins, me
from accounts.passwords import api as passwords
from accounts.privacy import api as privacy
from accounts.profile import api as profile
from accounts.proofs import api as assets

urlpatterns = [
    path("auth/wechat", logins.WechatLoginView.as_view()),
    path("auth/logout", logins.LogoutView.as_view()),
    path("auth/sessions", logins.SessionsView.as_view()),
    path("auth/sessions/<uuid:public_id>", logins.SessionView.as_view()),
    path("me", me.MeView.as_view()),
    path("me/wechat-accounts", wechat_accounts.AccountsView.as_view()),
    path("me/wechat-accounts/<uuid:public_id>", wechat_accounts.AccountView.as_view()),
    path("me/identity", identity.IdentityView.as_view()),
    path("me/consents", consents.ConsentsView.as_view()),
    path("me/consents/<slug:purpose>", consents.ConsentView.as_view()),
    path("me/profile", profile.ProfileView.as_view()),
    path("me/complaints", complaints.ComplaintsView.as_view()),
    path("me/export", privacy.ExportView.as_view()),
    path("me/deletion", privacy.DeletionView.as_view()),
    path("me/face-checks", identity.FaceCheckView.as_view()),
    path("me/cards", cards.CardsView.as_view()),
    path("me/cards/<uuid:public_id>", cards.CardView.as_view()),
    path("me/cards/<uuid:public_id>/default", cards.DefaultCardView.as_view()),
    path("me/transaction-password", passwords.PasswordView.as_view()),
    path("me/transaction-password/unlock", passwords.UnlockView.as_view()),
    path("me/authorisations", passwords.AuthorisationsView.as_view()),
    path("me/assets", assets.AssetsView.as_view()),
    path("me/assets/<uuid:public_id>", assets.AssetView.as_view()),
]
